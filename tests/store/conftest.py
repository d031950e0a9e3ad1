"""Every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from store import migrate
from store.kernel.database import Database
from store.tables import metadata
from tests.fresh_ledger import empty_ledger
from tests.store.postgres_server import binaries, new_database, on_server, running

__all__ = ["empty_ledger"]

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
_names = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server's URL with ``{database}`` for the database's name."""
    given = os.environ.get("FRONTFOOT_TEST_POSTGRES_URL")
    if given:
        url = make_url(given).set(drivername="postgresql+asyncpg", database="__name__")
        server = url.render_as_string(hide_password=False).replace("__name__", "{database}")
        yield server
        for name in _migrated.values():
            asyncio.run(on_server(server, f'DROP DATABASE IF EXISTS "{name}"'))
        return
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL: set FRONTFOOT_TEST_POSTGRES_URL or install its server")
    with running(folder) as url:
        yield url


@pytest.fixture(params=BOTH)
async def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an up-to-date ledger with nothing in it."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("empty_ledger"), path)
        yield f"sqlite:///{path}"
        return
    url = await _shared(request.getfixturevalue("postgres_url"))
    yield url
    # Much faster than a database for each test. Ids begin again at 1, as in a new one.
    engine = create_async_engine(url)
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    await engine.dispose()


@pytest.fixture(params=BOTH)
async def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a place where no ledger has ever been."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'ledger.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    async with new_database(server, f"ff_{os.getpid()}_{next(_names)}") as url:
        yield url


@pytest.fixture
async def database(ledger_url: str) -> AsyncIterator[Database]:
    """An open ledger with nothing in it."""
    opened = Database.open(ledger_url)
    yield opened
    await opened.close()


@pytest.fixture
async def second(ledger_url: str) -> AsyncIterator[Database]:
    """The same ledger as another process sees it: with connections of its own."""
    opened = Database.open(ledger_url)
    yield opened
    await opened.close()


_migrated: dict[str, str] = {}


async def _shared(server: str) -> str:
    """The URL of the session's own database on a server, migrated when first asked for."""
    if server not in _migrated:
        name = f"ff_{os.getpid()}"
        await on_server(server, f'CREATE DATABASE "{name}"')
        await migrate.upgrade_ledger(server.format(database=name))
        _migrated[server] = name
    return server.format(database=_migrated[server])
