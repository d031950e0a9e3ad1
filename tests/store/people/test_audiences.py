"""Lists of recipients: imported in bulk, again if interrupted, nobody twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from domain.errors import DomainError
from domain.message import MessageClass
from store.kernel.chunks import CHUNK
from store.kernel.database import Database
from store.people import audiences, suppressions
from store.people.audiences import AudienceRow, Imported
from tests.store.world import NOON, address, have_audience


async def test_importing_the_same_list_again_adds_nobody(database: Database) -> None:
    await have_audience(database, 7)

    again = await audiences.import_rows(
        database, "customers", [AudienceRow(address(n), {}) for n in range(1, 10)]
    )

    assert again == Imported(added=2, already_there=7)


async def test_one_mailbox_in_two_spellings_is_one_recipient(database: Database) -> None:
    rows = [AudienceRow("Ann@example.com", {}), AudienceRow("ann@example.com", {})]

    imported = await audiences.import_rows(database, "customers", rows)

    assert imported == Imported(added=1, already_there=1)


async def test_rows_may_come_from_an_asynchronous_source(database: Database) -> None:
    async def source() -> AsyncIterator[AudienceRow]:
        for number in range(CHUNK + 1):
            yield AudienceRow(address(number), {})

    imported = await audiences.import_rows(database, "customers", source())

    assert imported.added == CHUNK + 1


async def test_an_import_tells_how_far_it_is(database: Database) -> None:
    told: list[int] = []

    rows = (AudienceRow(address(n), {}) for n in range(CHUNK + 1))
    await audiences.import_rows(database, "customers", rows, told.append)

    assert told == [CHUNK, CHUNK + 1]


async def test_two_imports_at_once_add_everybody_once(database: Database, second: Database) -> None:
    await asyncio.gather(have_audience(database, 50), have_audience(second, 80, start=31))

    assert (await audiences.get(database, "customers")).recipients == 110


async def test_a_source_that_breaks_keeps_the_chunks_before(database: Database) -> None:
    def source() -> object:
        for number in range(2 * CHUNK):
            if number == CHUNK + 5:
                raise OSError("the disk went away")
            yield AudienceRow(address(number), {})

    with pytest.raises(OSError, match="went away"):
        await audiences.import_rows(database, "customers", source())  # type: ignore[arg-type]

    assert (await audiences.get(database, "customers")).recipients == CHUNK


async def test_the_cut_counts_only_who_may_be_written_to(database: Database) -> None:
    await have_audience(database, 10)
    await suppressions.add(database, address(3), "asked", None, "console", NOON)
    await suppressions.add(
        database, address(4), "unsubscribed", MessageClass.GOODWILL, "console", NOON
    )

    safety = await audiences.cut(database, "customers", MessageClass.SAFETY)
    goodwill = await audiences.cut(database, "customers", MessageClass.GOODWILL)
    anything = await audiences.cut(database, "customers")

    assert (safety.count, goodwill.count, anything.count) == (9, 8, 8)


async def test_the_list_of_audiences_says_how_large_each_is(database: Database) -> None:
    await have_audience(database, 3, "partners")
    await have_audience(database, 5, "customers", start=50)

    listed = await audiences.list_audiences(database)

    assert [(one.name, one.recipients) for one in listed] == [("customers", 5), ("partners", 3)]


async def test_an_unknown_audience_is_refused_in_words(database: Database) -> None:
    with pytest.raises(DomainError, match="no audience 'nobody'"):
        await audiences.cut(database, "nobody")


async def test_an_import_tells_the_planner_of_postgresql_how_large_the_list_has_become(
    database: Database,
) -> None:
    """It would otherwise take the new audience for an empty one, and read all the others for it."""
    if database.dialect != "postgresql":
        pytest.skip("SQLite decides without counts")
    await have_audience(database, 120, "one")
    await have_audience(database, 80, "two")

    async with database.read() as connection:
        counted = await connection.scalar(
            text("SELECT reltuples FROM pg_class WHERE relname = 'recipients'")
        )
    assert counted == 200
