"""The status page over a real ledger: workers that die, a ledger that is away, two incidents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.page_refresh import keep_page_fresh
from activities.page_source import PageFromLedger
from activities.posts import PostActivities
from activities.signatures.posts import PublicationTask, PublishPost
from activities.signatures.settling import SettlePublication
from channels.contract import Template
from channels.website import WebsiteChannel, WebsiteSettings
from channels.website.public import PublicPage
from channels.website.targets.bucket import BucketTarget
from domain.explanation import explained
from domain.ids import MessageRef
from domain.message import Document, MessageKind
from domain.page_entry import PagePlan
from domain.page_rules import page_entry
from domain.publication import Finding, PublicationState
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.page import ledger_page
from store.record import incidents, messages
from store.recovery import locks, snapshots
from tests.activities.conftest import NOON
from tests.channels.website.site_world import (
    BUCKET,
    free_port,
    in_bucket,
    in_folder,
    s3_server,
    serving_folder,
)
from tests.deadline import eventually
from tests.sealing import KEY, gates, open_gate

WORDS = "We are on it."


class Killed(BaseException):
    """The process died here: nothing after this line of it ran."""


class Worker:
    """One worker process: its own channel, and the same ledger as every other."""

    def __init__(self, ledger: Database, settings: WebsiteSettings) -> None:
        self.channel = WebsiteChannel(settings)
        self.channel.read_from(PageFromLedger(ledger, KEY, "website"))
        self.posts = PostActivities(ledger, {"website": self.channel}, gates(ledger))


class Newsroom:
    """Messages of incidents, signed and planned, and what a workflow would do with them."""

    def __init__(self, ledger: Database) -> None:
        self.ledger = ledger

    async def message(
        self, worker: Worker, slug: str, words: str = WORDS, number: int = 1
    ) -> PublicationTask:
        """A message whose gate has opened."""
        await incidents.register(self.ledger, slug, slug, "plan", (), NOON, f"run of {slug}")
        kind = MessageKind.ANNOUNCEMENT if number == 1 else MessageKind.PROGRESS_UPDATE
        mark = f"Notice {number} of {slug}"
        document = Document(
            incident=slug,
            number=number,
            revision=1,
            kind=kind,
            proposed_at=NOON,
            copies=(worker.channel.render(Template(text=words, mark=mark)),),
            page=page_entry(kind, PagePlan(), known=(), before=(), chosen={}, headline=slug),
        )
        await messages.save_revision(self.ledger, document, "maya", f"{slug}/{number}")
        await open_gate(self.ledger, document)
        ref = MessageRef(incident=slug, number=number, revision=1)
        task = PublicationTask(message=ref, channel="website", digest=document.digest())
        await ActivityEnvironment().run(worker.posts.plan_publication, task)
        return task

    async def settled(self, worker: Worker, task: PublicationTask) -> PublicationState:
        """What the workflow does after a worker was lost: it looks, and enters what it saw."""
        seen = await ActivityEnvironment().run(worker.posts.look_for_post, task)
        to = {
            Finding.FOUND: PublicationState.ACCEPTED,
            Finding.ABSENT: PublicationState.PLANNED,
        }[seen.finding]
        order = SettlePublication(task=task, to=to, attempt=1, receipt=seen.receipt)
        return (await ActivityEnvironment().run(worker.posts.settle_publication, order)).state


async def publish(worker: Worker, task: PublicationTask, attempt: int = 1) -> PublicationState:
    order = PublishPost(task=task, attempt=attempt)
    return (await ActivityEnvironment().run(worker.posts.publish_post, order)).state


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        return await client.get(url)


async def updates_on(url: str) -> list[str]:
    """The words of every update on the page, as programs read it."""
    await asyncio.sleep(0.3)
    found = json.loads((await get(f"{url}/api/v2/incidents.json")).content)["incidents"]
    return [update["body"] for one in found for update in one["incident_updates"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "page"


@pytest.fixture
async def url(folder: Path) -> AsyncIterator[str]:
    async with serving_folder(folder, free_port()) as url:
        yield url


@pytest.fixture
def settings(folder: Path, url: str) -> WebsiteSettings:
    return in_folder(folder, url)


Start = Callable[[WebsiteSettings], Worker]


@pytest.fixture
async def start(ledger: Database) -> AsyncIterator[Start]:
    """Starts another worker over the same ledger."""
    started: list[Worker] = []

    def starting(settings: WebsiteSettings) -> Worker:
        started.append(Worker(ledger, settings))
        return started[-1]

    yield starting
    for one in started:
        await one.channel.close()


@pytest.fixture
def worker(start: Start, settings: WebsiteSettings) -> Worker:
    return start(settings)


@pytest.fixture
def newsroom(ledger: Database) -> Newsroom:
    return Newsroom(ledger)


# --- a worker that dies -------------------------------------------------------------------------


async def test_a_worker_that_dies_before_reading_back_leaves_one_update_that_is_found(
    start: Start,
    newsroom: Newsroom,
    worker: Worker,
    settings: WebsiteSettings,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = await newsroom.message(worker, "down")

    async def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(PublicPage, "find", die)
        with pytest.raises(Killed):
            await publish(worker, task)
    another = start(settings)

    # An attempt under the same number is never made again, and the look recognises the first one.
    assert await publish(another, task) is PublicationState.SENDING
    assert await newsroom.settled(another, task) is PublicationState.ACCEPTED
    assert await publish(another, task, attempt=2) is PublicationState.ACCEPTED
    assert await updates_on(url) == [WORDS]


async def test_a_worker_that_dies_before_writing_is_followed_by_one_attempt(
    start: Start,
    newsroom: Newsroom,
    worker: Worker,
    settings: WebsiteSettings,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = await newsroom.message(worker, "down")

    async def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(WebsiteChannel, "_write", die)
        with pytest.raises(Killed):
            await publish(worker, task)
    another = start(settings)

    assert await newsroom.settled(another, task) is PublicationState.PLANNED
    assert await publish(another, task, attempt=2) is PublicationState.ACCEPTED
    assert await updates_on(url) == [WORDS]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as url:
        yield url


async def test_a_worker_that_dies_between_two_targets_leaves_one_update_and_the_next_one_heals_it(
    start: Start,
    newsroom: Newsroom,
    folder: Path,
    url: str,
    s3: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = in_bucket(s3, url, folder=folder)
    worker, another = start(both), start(both)
    task = await newsroom.message(worker, "down")

    async def die(*_: object) -> None:
        while not (folder / "current").exists():
            await asyncio.sleep(0.01)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(BucketTarget, "write", die)
        with pytest.raises(Killed):
            await publish(worker, task)
    assert WORDS not in (await get(f"{s3}/{BUCKET}/api/v2/incidents.json")).text

    assert await newsroom.settled(another, task) is PublicationState.ACCEPTED
    assert await publish(another, task, attempt=2) is PublicationState.ACCEPTED
    await another.channel.refresh()

    assert await updates_on(url) == await updates_on(f"{s3}/{BUCKET}") == [WORDS]


# --- two incidents ------------------------------------------------------------------------------


async def test_two_incidents_at_once_have_one_numbering_and_neither_hides_the_other(
    start: Start, newsroom: Newsroom, settings: WebsiteSettings, folder: Path, url: str
) -> None:
    workers = [start(settings) for _ in range(2)]
    tasks = [
        await newsroom.message(one, slug, f"Words of {slug}.")
        for one, slug in zip(workers, ("down", "spam"), strict=True)
    ]
    numbers: list[int] = []

    async def watch() -> None:
        while True:
            if (folder / "current").exists():
                numbers.append(int((folder / "current").readlink().name))
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    ended = await asyncio.gather(
        *(publish(one, task) for one, task in zip(workers, tasks, strict=True)),
        *(one.channel.refresh() for one in workers * 3),
    )
    watching.cancel()

    assert ended[:2] == [PublicationState.ACCEPTED] * 2
    assert sorted(await updates_on(url)) == ["Words of down.", "Words of spam."]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 1


# --- a ledger that is away ----------------------------------------------------------------------


async def test_while_the_ledger_is_away_nothing_is_written_and_it_is_tried_again(
    newsroom: Newsroom, worker: Worker, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to end in "unknown", so that a person had to look for what was never written."""
    task = await newsroom.message(worker, "down")

    async def away(*_: object) -> int:
        raise StoreUnavailable("The ledger does not answer.", "Nothing was kept.", "Wait.")

    with monkeypatch.context() as patched:
        patched.setattr(ledger_page, "next_number", away)
        order = PublishPost(task=task, attempt=1)
        standing = await ActivityEnvironment().run(worker.posts.publish_post, order)

    assert (standing.state, standing.uncertain) == (PublicationState.PLANNED, False)
    assert standing.again_after is not None
    assert standing.explanation is not None
    assert "The ledger does not answer." in standing.explanation.what
    assert await publish(worker, task, attempt=2) is PublicationState.ACCEPTED
    assert await updates_on(url) == [WORDS]


async def test_a_stored_plan_that_cannot_be_read_writes_nothing_and_is_tried_again(
    ledger: Database, newsroom: Newsroom, worker: Worker, folder: Path
) -> None:
    task = await newsroom.message(worker, "down")
    await snapshots.keep_plan(ledger, "down", '{"of": "a newer version, ann@example.com"}')

    order = PublishPost(task=task, attempt=1)
    standing = await ActivityEnvironment().run(worker.posts.publish_post, order)

    assert (standing.state, standing.uncertain) == (PublicationState.PLANNED, False)
    assert "cannot read" in str(standing.explanation)
    assert "ann@" not in str(standing.explanation)
    assert not (folder / "current").exists()


async def test_an_earlier_copy_of_the_ledger_takes_nothing_off_the_page_by_itself(
    ledger: Database, newsroom: Newsroom, worker: Worker, folder: Path
) -> None:
    """The page was made of what a restored ledger had, and lost what people could read."""
    await newsroom.message(worker, "down")
    compare = asyncio.Event()

    async def comparing() -> None:
        await compare.wait()
        await locks.lock(ledger, "down", explained("It has forgotten something."))

    compared = asyncio.create_task(comparing())
    keeping = asyncio.create_task(keep_page_fresh(ledger, worker.channel, compared))
    await asyncio.sleep(0.1)
    compare.set()
    await compared
    await asyncio.sleep(0.3)
    assert not (folder / "current").exists()
    keeping.cancel()

    await locks.unlock(ledger, "down")
    keeping = asyncio.create_task(keep_page_fresh(ledger, worker.channel))
    await eventually(lambda: asyncio.to_thread((folder / "current").exists))
    keeping.cancel()


async def test_a_new_word_goes_on_the_page_while_another_incident_is_locked(
    ledger: Database, newsroom: Newsroom, worker: Worker, url: str
) -> None:
    task = await newsroom.message(worker, "down")
    await locks.lock(ledger, "forgotten", explained("The ledger has 3 of 9 entries."))
    assert await publish(worker, task) is PublicationState.ACCEPTED
    assert await updates_on(url) == [WORDS]


async def test_what_is_taken_back_is_gone(newsroom: Newsroom, worker: Worker, url: str) -> None:
    task = await newsroom.message(worker, "down")
    assert await publish(worker, task) is PublicationState.ACCEPTED
    taken = await ActivityEnvironment().run(worker.posts.retract_post, task)
    assert taken.state is PublicationState.WITHDRAWN
    assert await updates_on(url) == []
