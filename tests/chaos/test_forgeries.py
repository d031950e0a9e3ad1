"""The record of a round is changed in every way; what is not found is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio

from chaos.forgeries import Forger
from chaos.verdict import RoundVerdict
from client.engine import Engine
from client.timeline import Verified
from domain.record_check import check_record
from domain.timeline import TimelineEntry
from store import migrate
from store.kernel.database import Database
from store.record import incidents, timeline
from store.record.records import read_record
from tests.sealing import KEY, with_key

NOON = datetime(2030, 10, 26, 12, 0, tzinfo=UTC)
SLUG = "outage"
WORDS = ("opened", "proposed", "approved", "told", "approved", "closed")


@pytest_asyncio.fixture(loop_scope="session")
async def ledger(tmp_path: Path) -> AsyncIterator[Database]:
    """A ledger with the whole record of a closed incident."""
    url = f"sqlite:///{tmp_path / 'frontfoot.db'}"
    await migrate.upgrade_ledger(url)
    database = await with_key(Database.open(url))
    await incidents.register(database, SLUG, "Outage", "site-compromised", (), NOON)
    entries = [
        TimelineEntry(seq=seq, at=NOON + timedelta(seconds=seq), what=what, who=f"person-{seq}")
        for seq, what in enumerate(WORDS, 1)
    ]
    await timeline.append(database, KEY, SLUG, entries)
    await incidents.mark_closed(database, SLUG, NOON)
    yield database
    await database.close()


async def offline(engine: Engine, slug: str, key: str) -> Verified:
    """Verification as it is without Temporal."""
    checked = check_record(await read_record(await engine.ledger(), slug), key or None)
    return Verified(entries=checked.entries, confirmed=False, key=checked.key, found=checked.found)


async def test_every_change_of_a_record_is_found_without_temporal(ledger: Database) -> None:
    verdict = RoundVerdict()
    before = await read_record(ledger, SLUG)
    await Forger(ledger, Engine(ledger=ledger), SLUG, offline).play("now", verdict)
    assert verdict.findings == []
    after = await read_record(ledger, SLUG)
    assert (after.entries, after.keys) == (before.entries, before.keys)


async def test_a_verification_that_looks_at_nothing_is_found_out(ledger: Database) -> None:
    async def blind(engine: Engine, slug: str, key: str) -> Verified:
        found = await offline(engine, slug, "")
        return found.model_copy(update={"found": ()})

    verdict, forger = RoundVerdict(), Forger(ledger, Engine(ledger=ledger), SLUG, blind)
    await forger.play("now", verdict)
    assert verdict.changed_unseen == 10, verdict.findings


async def test_a_verification_that_finds_what_is_not_there_is_found_out(ledger: Database) -> None:
    async def nervous(engine: Engine, slug: str, key: str) -> Verified:
        return await offline(engine, slug, KEY.fingerprint[::-1])

    verdict = RoundVerdict()
    await Forger(ledger, Engine(ledger=ledger), SLUG, nervous).play("now", verdict)
    assert verdict.broken_timeline
    assert verdict.changed_unseen == 0
