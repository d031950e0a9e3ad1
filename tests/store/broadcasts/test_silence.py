"""When no event of a batch has come: whether that means anything, and what is done then."""

from __future__ import annotations

from datetime import timedelta

from store.broadcasts import batch_outcomes, batches
from store.broadcasts.broadcasts import BroadcastRow
from store.events import events
from store.kernel.database import Database
from tests.store.world import (
    DIGEST,
    LATER,
    NO_ANSWER,
    NOON,
    RECEIPT,
    event,
    have_broadcast,
    lose_answer,
)

MINUTE = timedelta(minutes=1)
CLOSED = NOON + 10 * MINUTE
"""When the window of a batch that began at noon closes."""


async def accept(db: Database, broadcast: BroadcastRow, number: int, after: timedelta) -> None:
    """Have a batch accepted so long after noon."""
    at = NOON + after
    await batches.reserve_batch(db, broadcast.id, number, DIGEST, at)
    await batches.accept_batch(db, broadcast.id, number, RECEIPT, at)


async def hear(db: Database, broadcast: BroadcastRow, *numbers: int) -> None:
    """An event of one recipient in each of these batches comes; ten are in each."""
    rows = [await batches.find_batch(db, broadcast.id, number) for number in numbers]
    await events.record(
        db, [event(broadcast, row.first, batch=row.number, name=f"e{row.number}") for row in rows]
    )


async def released(db: Database, broadcast: BroadcastRow, **how: bool) -> tuple[int, ...]:
    """What goes again of what began at noon, when its window closes."""
    return await batch_outcomes.release_unknown(
        db, broadcast.id, NOON + timedelta(seconds=1), 5, CLOSED, **how
    )


async def test_silence_speaks_while_events_of_others_come(database: Database) -> None:
    broadcast = await have_broadcast(database, size=30)
    await lose_answer(database, broadcast, 1)
    await accept(database, broadcast, 2, MINUTE)
    await accept(database, broadcast, 3, MINUTE)
    await hear(database, broadcast, 3)

    assert await released(database, broadcast) == (1,)


async def test_silence_proves_nothing_where_accepted_mail_has_no_event_either(
    database: Database,
) -> None:
    """A receiver that was away let a safety notice go out twice."""
    broadcast = await have_broadcast(database, size=30)
    await accept(database, broadcast, 2, -MINUTE)
    await hear(database, broadcast, 2)
    await lose_answer(database, broadcast, 1)
    await accept(database, broadcast, 3, MINUTE)

    assert await released(database, broadcast) == ()

    [row] = await batch_outcomes.unknown_batches(database, broadcast.id)
    assert "has no event either" in row.explanation.means
    assert row.explanation.next_step.advice.startswith("Start the webhook receiver")


async def test_events_of_what_was_accepted_a_moment_ago_may_be_on_their_way(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=30)
    await accept(database, broadcast, 2, -MINUTE)
    await hear(database, broadcast, 2)
    await lose_answer(database, broadcast, 1)
    await accept(database, broadcast, 3, 8 * MINUTE)

    assert await released(database, broadcast) == (1,)


async def test_where_nothing_was_accepted_since_the_last_before_decides(
    database: Database,
) -> None:
    """As after a crash at the very end of a broadcast."""
    heard = await have_broadcast(database, size=20, incident="heard")
    await accept(database, heard, 1, -MINUTE)
    await hear(database, heard, 1)
    await lose_answer(database, heard, 2)
    assert await released(database, heard) == (2,)

    outage = await have_broadcast(database, size=20, incident="outage")
    await accept(database, outage, 1, -MINUTE / 2)
    await lose_answer(database, outage, 2)
    assert await released(database, outage) == ()


async def test_batches_of_other_broadcasts_are_control_batches_too(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    other = await have_broadcast(database, size=10, incident="another")
    await lose_answer(database, broadcast, 1)
    await accept(database, other, 1, MINUTE)
    assert await released(database, broadcast) == ()

    await hear(database, other, 1)
    assert await released(database, broadcast) == (1,)


async def test_without_any_control_batch_the_provider_was_down(database: Database) -> None:
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await lose_answer(database, broadcast, 2)

    assert await released(database, broadcast) == (1, 2)


async def test_each_batch_has_its_own_control_batches(database: Database) -> None:
    """The receiver went down between them."""
    broadcast = await have_broadcast(database, size=40)
    await lose_answer(database, broadcast, 1)
    await accept(database, broadcast, 2, MINUTE)
    await hear(database, broadcast, 2)
    taken = await batches.reserve_batch(database, broadcast.id, 3, DIGEST, NOON + 2 * MINUTE)
    await batch_outcomes.mark_batch_unknown(
        database, broadcast.id, 3, taken.row.attempt, NO_ANSWER, LATER
    )
    await accept(database, broadcast, 4, 3 * MINUTE)

    window_of_both = (NOON + 3 * MINUTE, 5, NOON + 13 * MINUTE)
    assert await batch_outcomes.release_unknown(database, broadcast.id, *window_of_both) == (1,)


async def test_on_a_channel_without_events_silence_is_all_there_is(database: Database) -> None:
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await accept(database, broadcast, 2, MINUTE)

    assert await released(database, broadcast, tells_events=False) == (1,)
