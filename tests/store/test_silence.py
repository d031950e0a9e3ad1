"""When no event of a batch has come: whether that says anything, and what is done then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from store import audiences, broadcasts, events
from store.database import Database
from tests.store.world import (
    DIGEST,
    LATER,
    NOON,
    event,
    have_audience,
    have_broadcast,
    lose_answer,
    ref,
    send,
)


@pytest.mark.parametrize(
    ("told", "where", "released"),
    [(None, "", ()), (NOON, "here", ()), (LATER, "here", (1,)), (LATER, "elsewhere", (1,))],
)
async def test_silence_lets_a_batch_go_again_only_while_events_do_come(
    database: Database, told: datetime | None, where: str, released: tuple[int, ...]
) -> None:
    """A receiver that was away let a safety notice go out twice."""
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await send(database, broadcast, 2)
    other = await have_broadcast(database, size=1, incident="another")
    about = event(other, 21) if where == "elsewhere" else event(broadcast, 11, batch=2)
    if told is not None:
        await events.record(database, [about._replace(at=told)])

    after_window = LATER + timedelta(minutes=10)
    assert await broadcasts.release_unknown(database, broadcast.id, after_window, 5) == released


async def test_a_batch_that_silence_does_not_let_go_says_why_and_what_to_do(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await send(database, broadcast, 2)
    early = event(broadcast, 11, batch=2)._replace(at=NOON)
    await events.record(database, [early])

    await broadcasts.release_unknown(database, broadcast.id, LATER, 5)

    [row] = await broadcasts.unknown_batches(database, broadcast.id)
    assert "no event of any mail since 12:00 UTC on 26 October" in row.reason
    assert row.next_step.startswith("Start the webhook receiver")


async def test_on_a_channel_without_events_silence_is_all_there_is(database: Database) -> None:
    await have_audience(database, 10)
    cut = await audiences.cut(database, "customers")
    broadcast = await broadcasts.plan(database, ref(), "smtp", cut, 1, DIGEST, NOON)
    await lose_answer(database, broadcast, 7)

    assert await broadcasts.release_unknown(database, broadcast.id, LATER, 5) == (7,)


async def test_events_of_one_delivery_after_another_are_heard(database: Database) -> None:
    """The first event of a batch is older than the lost attempt, a later one is not."""
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await send(database, broadcast, 2)
    first = event(broadcast, 11, batch=2)._replace(at=NOON)
    await events.record(database, [first, event(broadcast, 12, batch=2)])

    assert await broadcasts.release_unknown(database, broadcast.id, LATER, 5) == (1,)
