"""The inbox: what was put in survives, is read in order, and is forgotten only on request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.delivery_events import DeliveryEvent
from domain.publication import DeliveryState
from domain.suppression import Preference
from store.events.inbox import END, EventsWaiting, Inbox, InboxFull
from store.kernel.errors import StoreUnavailable

NOON = datetime(2013, 10, 26, 12, tzinfo=UTC)
EVENTS = [
    DeliveryEvent("a", DeliveryState.DELIVERED, NOON, "b.1.1", "b.7"),
    DeliveryEvent(
        "b", DeliveryState.BOUNCED, NOON, reason_code="bounce", address="ann@example.com"
    ),
    DeliveryEvent("ü", Preference.COMPLAINED, NOON + timedelta(microseconds=1), None, "b.8"),
]


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    made = Inbox.of(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert made is not None
    yield made
    await made.close()


def again(inbox: Inbox) -> Inbox:
    return Inbox(inbox.path)


async def test_events_come_out_as_they_went_in_also_for_the_next_process(inbox: Inbox) -> None:
    await inbox.put("email", EVENTS, NOON)
    after = again(inbox)
    [parcel] = await after.next(10)
    await after.close()
    assert (parcel.channel, parcel.events) == ("email", EVENTS)


async def test_the_oldest_come_first_and_only_so_many_at_once(inbox: Inbox) -> None:
    for name in "abcd":
        await inbox.put("email", [DeliveryEvent(name, DeliveryState.DELIVERED, NOON)] * 2, NOON)
    assert [one.events[0].id for one in await inbox.next(5)] == ["a", "b"]
    assert [one.events[0].id for one in await inbox.next(1)] == ["a"]


async def test_what_is_removed_does_not_come_again(inbox: Inbox) -> None:
    await inbox.put("email", EVENTS[:1], NOON)
    await inbox.put("email", EVENTS[1:], NOON)
    await inbox.remove(await inbox.next(1))
    [left] = await inbox.next(10)
    assert left.events == EVENTS[1:]


async def test_what_cannot_be_entered_holds_up_nothing_and_is_kept(inbox: Inbox) -> None:
    await inbox.put("email", EVENTS[:1], NOON)
    await inbox.put("email", EVENTS[1:], NOON)
    [bad] = await inbox.next(1)
    await inbox.put_off(bad)
    assert [one.events for one in await inbox.next(10)] == [EVENTS[1:]]
    assert [one.events for one in await inbox.next(10, failed=True)] == [EVENTS[:1]]
    backlog = await inbox.backlog()
    assert (backlog.events, backlog.failed) == (2, 1)


async def test_it_says_what_waits_and_since_when(inbox: Inbox) -> None:
    assert (await inbox.backlog()).events == 0
    await inbox.put("email", EVENTS, NOON)
    await inbox.put("email", EVENTS, NOON + timedelta(minutes=1))
    backlog = await inbox.backlog()
    assert backlog.events == 6
    assert backlog.age(NOON + timedelta(minutes=5)) == timedelta(minutes=5)
    assert backlog.bytes > 0


async def test_it_grows_to_its_bound_and_not_beyond(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inbox.put("email", EVENTS, NOON)
    monkeypatch.setattr("store.events.inbox.MOST_BYTES", (await inbox.backlog()).bytes)
    with pytest.raises(InboxFull, match="inbox of events is full"):
        await inbox.put("email", EVENTS, NOON)
    assert (await inbox.backlog()).events == len(EVENTS)


async def test_a_full_disk_is_told_as_such_and_loses_nothing(inbox: Inbox) -> None:
    await inbox.put("email", EVENTS, NOON)
    many = [DeliveryEvent(f"{n}", DeliveryState.DELIVERED, NOON) for n in range(5_000)]
    # A smaller disk, as far as SQLite can tell.
    await inbox._run(lambda db: db.exec_driver_sql("PRAGMA max_page_count = 8"))
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await inbox.put("email", many, NOON)
    assert [one.events for one in await inbox.next(10)] == [EVENTS]


async def test_its_file_is_for_this_user_only_and_beside_the_ledger(inbox: Inbox) -> None:
    await inbox.put("email", EVENTS, NOON)
    assert inbox.path.name == f"ledger.db{END}"
    modes = {path.stat().st_mode & 0o777 for path in inbox.path.parent.iterdir()}
    assert modes == {0o600}


def test_postgresql_needs_none() -> None:
    assert Inbox.of("postgresql://frontfoot@localhost/frontfoot") is None


async def test_nothing_is_waited_for_where_there_is_nothing(inbox: Inbox) -> None:
    await inbox.catch_up()
    assert not inbox.path.exists()


async def test_catching_up_waits_for_what_came_before_and_not_for_what_comes_after(
    inbox: Inbox,
) -> None:
    await inbox.put("email", EVENTS, NOON)
    catching_up = asyncio.create_task(inbox.catch_up())
    await asyncio.sleep(0.1)
    assert not catching_up.done()
    [earlier] = await inbox.next(10)
    await inbox.put("email", EVENTS, NOON)
    await inbox.remove([earlier])
    await asyncio.wait_for(catching_up, 5)


async def test_who_cannot_catch_up_is_told_so(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.events.inbox.CATCH_UP_WITHIN", 0.05)
    await inbox.put("email", EVENTS, NOON)
    with pytest.raises(EventsWaiting, match="wait to be entered"):
        await inbox.catch_up()
