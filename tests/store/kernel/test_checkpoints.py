"""Small writes make no checkpoint themselves, and the write-ahead log is emptied all the same."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.kernel.database import Database
from store.record import incidents
from tests.deadline import eventually

NOON = datetime(2013, 10, 26, 12, tzinfo=UTC)


async def test_what_small_writes_leave_in_the_log_gets_into_the_database(
    tmp_path: Path, empty_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.kernel.sqlite_writers._CHECKPOINT_EVERY", 2)
    path = tmp_path / "ledger.db"
    shutil.copy(empty_ledger, path)
    ledger = Database.open(f"sqlite:///{path}")
    for slug in ("one", "two"):
        await incidents.register(ledger, slug, "?", "outage", (), NOON)

    async def in_the_database() -> int:
        # Without its log, which is what a file that nobody changes is read.
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as file:
            [many] = file.execute("SELECT count(*) FROM incidents").fetchone()
            return int(many)

    await eventually(in_the_database, lambda many: many == 2)
    await ledger.close()
