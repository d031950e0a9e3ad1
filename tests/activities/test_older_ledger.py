"""A ledger that is an earlier copy of itself: nothing goes out from it a second time."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.posts import PostActivities
from activities.record import RecordActivities
from activities.signatures.posts import PublicationTask, PublishPost
from activities.signatures.record import RecordTimeline
from activities.signatures.settling import SettleUnknown
from domain.ids import MessageRef
from domain.ledger import BegunAttempt, KnownLedger, behind
from domain.message import Document
from domain.publication import PublicationState
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.recovery import generations, locks
from store.recovery.witness import Witness
from tests.activities.conftest import NOON, Provider
from tests.activities.mail import (
    SECRET,
    Mailer,
    Post,
    approved,
    customers,
    letter,
    one_each,
    order_for,
)
from tests.sealing import KEY, gates

Back = Callable[[], None]
HACKED = MessageRef(incident="hacked", number=1, revision=1)


@pytest.fixture
def copy_of(ledger: Database, tmp_path: Path) -> Callable[[], Back]:
    """Makes a copy of the ledger, and returns what puts that copy back."""
    file = tmp_path / "ledger.db"

    def copy() -> Back:
        kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(file)) as now:
            now.backup(kept)

        def back() -> None:
            with closing(sqlite3.connect(file)) as now:
                kept.backup(now)

        return back

    return copy


@pytest.fixture
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
async def post(ledger: Database, mailer: Mailer) -> Post:
    """Thirty customers in three batches."""
    return await approved(ledger, mailer, letter(await customers(ledger, 30)))


def knowing(post: Post, **known: object) -> Post:
    """The same, from a workflow that knows this of the ledger."""
    task = post.task.model_copy(update={"known": KnownLedger.model_validate(known)})
    return replace(post, task=task)


async def forget_broadcasts(ledger: Database) -> None:
    """As if the ledger were a copy from before any was planned."""
    async with ledger.write() as connection:
        await connection.exec_driver_sql("DELETE FROM batches")
        await connection.exec_driver_sql("DELETE FROM broadcasts")


async def test_a_range_is_not_sent_from_a_ledger_that_has_forgotten_what_was_sent(
    post: Post, mailer: Mailer, copy_of: Callable[[], Back]
) -> None:
    back = copy_of()
    sent = await post.send(1, 2)
    back()
    with pytest.raises(ApplicationError, match="forgotten batch 2 of message 1 on email"):
        await knowing(post, newest=sent.begun).send(1, 3)
    assert mailer.mails() == one_each(20)


async def test_a_range_that_is_tried_again_knows_by_its_heartbeats_what_was_sent(
    post: Post, mailer: Mailer, copy_of: Callable[[], Back]
) -> None:
    """The worker died in the middle of it, and the copy that was put back is from before."""
    back = copy_of()
    await post.send(1, 2)
    back()
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=2, heartbeat_details=[2, 1])
    with pytest.raises(ApplicationError, match="forgotten batch 2"):
        await environment.run(post.activities().send_batches, post.order())
    assert mailer.mails() == one_each(20)


async def test_a_copy_that_lacks_what_lies_beside_it_is_noticed_at_once(
    post: Post, mailer: Mailer, copy_of: Callable[[], Back], tmp_path: Path
) -> None:
    """The worker died before the server heard a heartbeat, and no workflow knows anything."""
    witness = Witness.beside(f"sqlite:///{tmp_path / 'ledger.db'}")
    activities = BroadcastActivities(
        post.ledger, {"email": mailer}, gates(post.ledger), SECRET, witness=witness
    )
    back = copy_of()
    await ActivityEnvironment().run(activities.send_batches, post.order(1, 2))
    back()
    with pytest.raises(ApplicationError, match="forgotten batch 2"):
        await ActivityEnvironment().run(activities.send_batches, post.order())
    assert mailer.mails() == one_each(20)


async def test_what_lies_beside_the_ledger_is_for_this_user_alone(
    post: Post, mailer: Mailer, tmp_path: Path
) -> None:
    witness = Witness.beside(f"sqlite:///{tmp_path / 'ledger.db'}")
    activities = BroadcastActivities(
        post.ledger, {"email": mailer}, gates(post.ledger), SECRET, witness=witness
    )
    await ActivityEnvironment().run(activities.send_batches, post.order())
    folder = tmp_path / "ledger.begun"
    (file,) = folder.iterdir()
    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder, file)] == [0o700, 0o600]
    assert witness.newest(post.planned.key) == [BegunAttempt(attempt=1, number=3)]
    witness.forget(post.planned.key)
    assert witness.newest(post.planned.key) == []


async def test_what_a_range_has_begun_is_in_its_heartbeats(post: Post) -> None:
    told: list[tuple[object, ...]] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: told.append(details)
    await environment.run(post.activities().send_batches, post.order(1, 1))
    assert told[0] == ()
    sent = await post.send(2, 3)
    assert sent.begun is not None
    assert (sent.begun.number, sent.begun.attempt) == (3, 1)


async def test_a_retry_does_not_plan_it_once_more(post: Post, mailer: Mailer) -> None:
    """The copy is from before the broadcast was planned: its whole plan is new."""
    sent = await post.send()
    await forget_broadcasts(post.ledger)
    again = order_for(post.document, 10).model_copy(
        update={"task": knowing(post, newest=sent.begun).task}
    )
    with pytest.raises(ApplicationError, match="forgotten batch 3"):
        await ActivityEnvironment().run(post.activities().plan_broadcast, again)
    assert await locks.lock_of(post.ledger, "hacked") is not None


async def test_a_broadcast_that_the_ledger_does_not_have_is_not_sent(
    post: Post, mailer: Mailer
) -> None:
    await forget_broadcasts(post.ledger)
    with pytest.raises(ApplicationError, match="no plan of message 1 on email"):
        await post.send()
    assert not mailer.requests


@pytest.mark.parametrize("known", [{}, {"generation": "another"}], ids=["nothing", "another"])
async def test_an_order_by_hand_without_an_opening_locks_nothing(
    post: Post, mailer: Mailer, known: dict[str, object]
) -> None:
    """It is for an audience that nobody approved, so the ledger lacks nothing of the incident."""
    by_hand = knowing(post, **known)
    task = by_hand.task.model_copy(update={"audience": "staff"})
    by_hand = replace(by_hand, task=task)
    settle = SettleUnknown(
        broadcast=post.planned.broadcast, release_before=datetime.now(UTC), task=task
    )
    with pytest.raises(ApplicationError, match=r"no plan of message 1|not the one in which"):
        await ActivityEnvironment().run(by_hand.activities().settle_unknown, settle)
    with pytest.raises(ApplicationError):
        await by_hand.send()
    again = order_for(post.document, 10).model_copy(update={"task": task})
    with pytest.raises(ApplicationError):
        await ActivityEnvironment().run(post.activities().plan_broadcast, again)
    assert await locks.lock_of(post.ledger, "hacked") is None
    assert not mailer.requests


async def test_a_ledger_of_another_generation_sends_nothing_and_stays_locked(
    post: Post, mailer: Mailer
) -> None:
    first = await generations.generation(post.ledger)
    async with post.ledger.write() as connection:
        await generations.begin_generation(connection, post.ledger)
    with pytest.raises(ApplicationError, match="not the one in which it was kept"):
        await knowing(post, generation=first).send()
    # Whoever knows of no generation is refused as well from now on.
    with pytest.raises(ApplicationError, match="not the one in which it was kept"):
        await post.send()
    assert not mailer.requests


async def test_a_lock_stops_a_range_that_is_under_way(post: Post, mailer: Mailer) -> None:
    async def lock_after_the_first(_: object) -> None:
        await locks.lock(post.ledger, "hacked", behind("hacked", "It is an earlier copy."))

    mailer.after = lock_after_the_first
    sent = await post.send()
    assert (sent.accepted, sent.paused) == (10, True)
    assert mailer.mails() == one_each(10)


async def test_a_post_is_not_made_again_after_the_ledger_forgot_it(
    ledger: Database, provider: Provider, document: Document, copy_of: Callable[[], Back]
) -> None:
    task = PublicationTask(message=HACKED, channel="square", digest=document.digest())
    posts, environment = (
        PostActivities(ledger, {"square": provider}, gates(ledger)),
        ActivityEnvironment(),
    )
    await environment.run(posts.plan_publication, task)
    back = copy_of()
    status = await environment.run(posts.publish_post, PublishPost(task=task, attempt=1))
    back()
    begun = BegunAttempt(attempt=status.attempt, at=status.started_at)
    task = task.model_copy(update={"known": KnownLedger(newest=begun)})
    with pytest.raises(ApplicationError, match="forgotten attempt 1"):
        await environment.run(posts.plan_publication, task)
    assert len(provider.book) == 1


async def test_a_post_whose_earlier_attempt_the_ledger_does_not_have_is_looked_for_first(
    ledger: Database, provider: Provider, document: Document, copy_of: Callable[[], Back]
) -> None:
    """The worker was killed on the wire, so nobody knows whether it had begun at all."""
    task = PublicationTask(message=HACKED, channel="square", digest=document.digest(), since=NOON)
    posts, environment = (
        PostActivities(ledger, {"square": provider}, gates(ledger)),
        ActivityEnvironment(),
    )
    await environment.run(posts.plan_publication, task)
    back = copy_of()
    await environment.run(posts.publish_post, PublishPost(task=task, attempt=1))
    back()
    status = await environment.run(posts.publish_post, PublishPost(task=task, attempt=2))
    assert status.state is PublicationState.ACCEPTED
    assert len(provider.book) == 1


async def test_the_record_goes_on_in_a_ledger_that_has_forgotten_some_of_it(
    ledger: Database, copy_of: Callable[[], Back]
) -> None:
    entries = tuple(
        TimelineEntry(seq=seq, at=NOON, what="joined", who="noor") for seq in range(1, 6)
    )
    record, environment = RecordActivities(ledger, KEY), ActivityEnvironment()
    environment.info = replace(environment.info, workflow_id="incident/hacked")
    back = copy_of()
    first = RecordTimeline(incident="hacked", entries=entries[:4])
    done = await environment.run(record.record_timeline, first)
    assert done.locked is None
    assert done.entries == first.entries
    back()
    more = RecordTimeline(
        incident="hacked",
        entries=entries[4:],
        known=KnownLedger(record=done.head),
        snapshot="{}",
    )
    recorded = await environment.run(record.record_timeline, more)
    assert recorded.behind
    assert recorded.entries == ()
    assert recorded.locked is not None
    assert recorded.locked.what == "The ledger has 0 of the 4 entries that it had."
    assert await locks.lock_of(ledger, "hacked") is not None
