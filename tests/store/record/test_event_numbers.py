"""The entries of all incidents in one order, for readers that go on where they were."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.record import event_numbers, timeline
from store.record.event_numbers import NumberedEntry, OtherEntries
from store.tables import event_numbers as numbers
from store.tables import timeline as rows
from tests.sealing import KEY, with_key
from tests.store.world import NOON


def entry(seq: int, minutes: int = 0) -> TimelineEntry:
    at = NOON + timedelta(minutes=minutes or seq)
    return TimelineEntry(seq=seq, at=at, what="opened", who="maya")


async def happens(database: Database, incident: str, *entries: TimelineEntry) -> None:
    await timeline.append(database, KEY, incident, entries)


class Reader:
    """Somebody who goes on where they were."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.last: tuple[int, str] = (0, "")

    async def reads(self, most: int = 100) -> list[NumberedEntry]:
        found = await event_numbers.read_some(self.database, *self.last, most)
        if found:
            self.last = found[-1].number, found[-1].mark
        return found

    async def names(self, most: int = 100) -> list[str]:
        return [f"{one.incident} {one.entry.seq}" for one in await self.reads(most)]


@pytest.fixture
async def reader(database: Database) -> Reader:
    await with_key(database)
    return Reader(database)


async def test_what_was_before_comes_by_time_and_in_parts(
    database: Database, reader: Reader
) -> None:
    await happens(database, "ant", entry(1, 1), entry(2, 4))
    # The clock went back by an hour: the chain says what came first.
    await happens(database, "bee", entry(1, 2), entry(2, -58), entry(3, 3))
    assert await reader.names(3) == ["ant 1", "bee 1", "bee 2"]
    assert await reader.names(3) == ["bee 3", "ant 2"]
    assert await reader.names() == []


async def test_what_happens_between_two_looks_comes_next_whatever_its_time(
    database: Database, reader: Reader
) -> None:
    await happens(database, "bee", entry(1, 60))
    assert await reader.names() == ["bee 1"]
    await happens(database, "ant", entry(1, 1))
    await happens(database, "bee", entry(2, 61))
    assert await reader.names() == ["ant 1", "bee 2"]


async def test_what_is_committed_late_is_neither_passed_over_nor_repeated(
    database: Database, reader: Reader
) -> None:
    """An entry is written, and its transaction is still open while others are read."""
    written, may_commit = asyncio.Event(), asyncio.Event()

    async def holds(_: AsyncConnection, __: Sequence[TimelineEntry]) -> None:
        written.set()
        await may_commit.wait()

    slow = asyncio.create_task(timeline.append(database, KEY, "ant", [entry(1)], with_them=holds))
    await written.wait()
    seen: list[str] = []
    if database.dialect == "postgresql":
        await happens(database, "bee", entry(1))
        seen += await reader.names()
        assert seen == ["bee 1"]
    else:
        # There the next writer waits.
        seen += await reader.names()
        assert seen == []
    may_commit.set()
    await slow
    await happens(database, "bee", entry(1), entry(2))
    seen += await reader.names()
    assert sorted(seen) == ["ant 1", "bee 1", "bee 2"]


async def test_readers_at_once_number_everything_once(
    database: Database, second: Database, reader: Reader
) -> None:
    for incident in ("ant", "bee", "cat"):
        await happens(database, incident, *(entry(seq) for seq in range(1, 6)))
    readers = [Reader(one) for one in (database, second) * 4]
    found = await asyncio.gather(*(one.names() for one in readers))
    assert all(one == found[0] for one in found)
    assert len(set(found[0])) == len(found[0]) == 15


async def test_a_restored_ledger_refuses_to_go_on_elsewhere(
    database: Database, reader: Reader
) -> None:
    await happens(database, "ant", entry(1), entry(2))
    assert await reader.names() == ["ant 1", "ant 2"]
    # As a copy from before the second entry has it, in which something else happened since.
    async with database.write() as connection:
        await connection.execute(delete(rows).where(rows.c.link == 2))
        await connection.execute(delete(numbers).where(numbers.c.link == 2))
    with pytest.raises(OtherEntries):
        await reader.reads()
    await happens(database, "ant", entry(2, 30))
    with pytest.raises(OtherEntries):
        await reader.reads()
    assert await Reader(database).names() == ["ant 1", "ant 2"]


async def test_what_somebody_took_out_or_changed_is_not_passed_over(
    database: Database, reader: Reader
) -> None:
    await happens(database, "ant", entry(1), entry(2), entry(3))
    await reader.reads(1)
    async with database.write() as connection:
        await connection.execute(update(rows).where(rows.c.link == 3).values(surface="moon"))
    with pytest.raises(DomainError, match="ant was changed"):
        await reader.reads()
    async with database.write() as connection:
        await connection.execute(delete(rows).where(rows.c.link == 2))
    with pytest.raises(DomainError, match="ant was changed"):
        await reader.reads(1)
