"""Events in the inbox get into the ledger: once, by one process, whoever is killed when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client import event_entry
from client.event_entry import EventEntry
from domain.delivery_events import DeliveryEvent
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.progress import read_progress
from store.events import events, set_aside
from store.events.events import Recorded
from store.events.inbox import Inbox
from store.kernel.database import Database
from tests.deadline import eventually
from tests.store.world import event, have_broadcast, send

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(hours=1)


@pytest.fixture
async def broadcast(ledger: Database) -> BroadcastRow:
    """Twenty customers; all of their mail was accepted."""
    broadcast = await have_broadcast(ledger, 20)
    for number in (1, 2):
        await send(ledger, broadcast, number)
    return broadcast


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    made = Inbox(tmp_path / "ledger.db-events")
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_entry, "STAND_BY", 0.02)


async def delivered(ledger: Database, broadcast: BroadcastRow) -> int:
    return (await read_progress(ledger, broadcast.id)).delivered


def told(broadcast: BroadcastRow, first: int, last: int) -> list[DeliveryEvent]:
    return [event(broadcast, n, batch=1 if n <= 10 else 2) for n in range(first, last + 1)]


async def test_what_waits_is_entered_and_forgotten(
    ledger: Database, inbox: Inbox, broadcast: BroadcastRow
) -> None:
    await inbox.put("email", told(broadcast, 1, 5), NOW)
    await inbox.put("email", told(broadcast, 4, 9), NOW)
    assert await EventEntry(ledger, inbox).enter_all() == 11
    assert await delivered(ledger, broadcast) == 9
    assert await inbox.next(10) == []


async def test_a_crash_between_entering_and_forgetting_enters_nothing_twice(
    ledger: Database, inbox: Inbox, broadcast: BroadcastRow
) -> None:
    await inbox.put("email", told(broadcast, 1, 5), NOW)
    await events.record(ledger, told(broadcast, 1, 5))
    await EventEntry(ledger, inbox).enter_all()
    assert await delivered(ledger, broadcast) == 5
    assert await inbox.next(10) == []


async def test_a_crash_in_the_middle_of_a_large_delivery_loses_none_of_it(
    ledger: Database,
    inbox: Inbox,
    broadcast: BroadcastRow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("client.event_queue.FEWEST", 4)
    record_groups, transactions, in_the_third = events.record_groups, 0, asyncio.Event()

    async def killed_in_the_third(
        db: Database, groups: Sequence[Sequence[DeliveryEvent]]
    ) -> list[Recorded]:
        nonlocal transactions
        transactions += 1
        if transactions == 3:
            in_the_third.set()
            await asyncio.Event().wait()
        return await record_groups(db, groups)

    await inbox.put("email", told(broadcast, 1, 20), NOW)
    monkeypatch.setattr(events, "record_groups", killed_in_the_third)
    entering = asyncio.create_task(EventEntry(ledger, inbox).enter_all())
    await asyncio.wait_for(in_the_third.wait(), 10)
    entering.cancel()
    await asyncio.wait([entering])
    assert 0 < await delivered(ledger, broadcast) < 20
    monkeypatch.setattr(events, "record_groups", record_groups)
    await EventEntry(ledger, inbox).enter_all()
    assert await delivered(ledger, broadcast) == 20


async def test_only_one_process_enters_and_the_next_takes_over_when_it_ends(
    ledger: Database, inbox: Inbox, broadcast: BroadcastRow
) -> None:
    first, second = EventEntry(ledger, inbox), EventEntry(ledger, Inbox(inbox.path))
    await inbox.put("email", told(broadcast, 1, 5), NOW)
    one = asyncio.create_task(first.run())
    await eventually(lambda: delivered(ledger, broadcast), lambda many: many == 5)
    assert not second._is_ours()
    one.cancel()
    await asyncio.wait([one])
    other = asyncio.create_task(second.run())
    await inbox.put("email", told(broadcast, 6, 9), NOW)
    await eventually(lambda: delivered(ledger, broadcast), lambda many: many == 9)
    other.cancel()
    await asyncio.wait([other])
    await second._inbox.close()


async def test_a_worker_leaves_fresh_events_to_the_receiver_and_enters_old_ones(
    ledger: Database, inbox: Inbox, broadcast: BroadcastRow
) -> None:
    worker = EventEntry(ledger, inbox, stands_by=True)
    await inbox.put("email", told(broadcast, 1, 5), datetime.now(UTC) + timedelta(hours=1))
    assert await worker._step() > 0
    assert await delivered(ledger, broadcast) == 0
    await EventEntry(ledger, inbox).enter_all()
    await inbox.put("email", told(broadcast, 6, 9), LONG_AGO)
    working = asyncio.create_task(worker.run())
    await eventually(lambda: delivered(ledger, broadcast), lambda many: many == 9)
    # It gives the work back: the receiver may be there again.
    receiver = EventEntry(ledger, inbox)

    async def is_the_receivers() -> bool:
        return receiver._is_ours()

    await eventually(is_the_receivers)
    working.cancel()
    await asyncio.wait([working])
    receiver._release()


async def test_an_event_that_cannot_be_entered_is_set_aside_and_costs_no_other(
    ledger: Database,
    inbox: Inbox,
    broadcast: BroadcastRow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record_groups = events.record_groups

    async def dislikes_one(
        db: Database, groups: Sequence[Sequence[DeliveryEvent]]
    ) -> list[Recorded]:
        if any(one.id == "bad" for group in groups for one in group):
            raise ValueError
        return await record_groups(db, groups)

    monkeypatch.setattr(events, "record_groups", dislikes_one)
    bad = event(broadcast, 3, name="bad")
    await inbox.put("email", [*told(broadcast, 1, 2), bad], NOW)
    await EventEntry(ledger, inbox).enter_all()
    assert await delivered(ledger, broadcast) == 2
    assert await set_aside.count(ledger) == 1
    assert await inbox.next(10) == []


async def test_a_fault_of_ours_keeps_the_events_and_lets_others_pass(
    ledger: Database,
    inbox: Inbox,
    broadcast: BroadcastRow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await inbox.put("email", told(broadcast, 1, 5), NOW)
    record_groups = events.record_groups

    async def broken(_: Database, __: object) -> list[Recorded]:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(events, "record_groups", broken)
    await EventEntry(ledger, inbox).enter_all()
    monkeypatch.setattr(events, "record_groups", record_groups)
    await inbox.put("email", told(broadcast, 6, 9), NOW)
    await EventEntry(ledger, inbox).enter_all()
    assert await delivered(ledger, broadcast) == 4
    assert (await inbox.backlog()).failed == 5
