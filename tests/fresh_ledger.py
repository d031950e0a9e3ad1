"""A ledger on a real SQLite file of a test's own, up to date and with nothing in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store import migrate
from store.kernel.database import Database


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating for each test would take most of the time."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    # In a thread, because a test's event loop may be running already.
    with ThreadPoolExecutor() as thread:
        thread.submit(migrate.upgrade, f"sqlite:///{path}").result()
    return path


@pytest.fixture
async def ledger(empty_ledger: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "ledger.db"
    shutil.copy(empty_ledger, path)
    database = Database.open(f"sqlite:///{path}")
    yield database
    await database.close()
