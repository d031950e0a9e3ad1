"""The record of an incident, read and verified without the incident."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from client.engine import Engine
from client.errors import RecordChanged, UnknownIncident
from client.timeline import Verified, read_timeline, verify_timeline
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.record import incidents, timeline
from store.tables import timeline as timeline_table

AT = datetime(2026, 10, 26, 13, 5, tzinfo=UTC)
ENTRIES = [
    TimelineEntry(seq=number, at=AT, what=what, who="maya")
    for number, what in enumerate(("opened", "proposed", "approved"), 1)
]


@pytest.fixture
async def recorded(away: Engine, ledger: Database) -> Engine:
    await incidents.register(ledger, "site-down", "Down", "plan", (), AT)
    await timeline.append(ledger, "site-down", ENTRIES)
    return away


async def test_a_whole_record_says_that_nobody_could_confirm_it(recorded: Engine) -> None:
    entries = await read_timeline(recorded, "site-down")
    found = await verify_timeline(recorded, "site-down", entries)
    assert (entries, found) == (ENTRIES, Verified(entries=3, confirmed=False))


async def test_an_entry_that_was_changed_is_named(recorded: Engine, ledger: Database) -> None:
    async with ledger.write() as connection:
        change = update(timeline_table).where(timeline_table.c.seq == 2).values(who="nobody")
        await connection.execute(change)
    entries = await read_timeline(recorded, "site-down")
    with pytest.raises(RecordChanged, match="entry 2"):
        await verify_timeline(recorded, "site-down", entries)


async def test_an_incident_without_an_entry_yet_is_not_unknown(
    away: Engine, ledger: Database
) -> None:
    await incidents.register(ledger, "just-opened", "Down", "plan", (), AT)
    assert await read_timeline(away, "just-opened") == []


async def test_an_incident_that_the_ledger_does_not_have_is_unknown(recorded: Engine) -> None:
    with pytest.raises(UnknownIncident, match="not-there"):
        await read_timeline(recorded, "not-there")
