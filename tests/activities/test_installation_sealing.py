"""A worker seals the installation's record by itself, and says when something of it is missing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from activities import installation_sealing
from activities.installation_sealing import keep_sealed
from domain.installation import Happened, InstallationEntry
from store.installation import entries
from store.kernel.database import Database
from store.tables import installation_record
from tests.sealing import KEY, with_key

PATIENCE = 120.0


async def until_sealed(ledger: Database, many: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await entries.read(ledger)
            if len(found) == many and all(one.seal for one in found):
                return
            await asyncio.sleep(0.02)


async def test_a_worker_seals_what_others_append_and_misses_what_they_delete(
    ledger: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(installation_sealing, "EVERY", timedelta(milliseconds=20))
    await with_key(ledger)
    working = asyncio.create_task(keep_sealed(ledger, KEY))
    try:
        await until_sealed(ledger, 1)
        signed_in = InstallationEntry(at=datetime.now(UTC), what=Happened.SIGNED_IN, who="maya")
        await entries.enter(ledger, signed_in)
        await until_sealed(ledger, 2)
        with caplog.at_level(logging.ERROR):
            async with ledger.write() as connection:
                await connection.execute(
                    delete(installation_record).where(installation_record.c.link == 2)
                )
            await until_sealed(ledger, 2)
            async with asyncio.timeout(PATIENCE):
                while "has lost entries" not in caplog.text:
                    await asyncio.sleep(0.02)
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    assert [one.what for one in await entries.read(ledger)] == [Happened.BEGUN, Happened.LOST]
