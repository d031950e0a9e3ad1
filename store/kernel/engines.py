"""Engines: connections to SQLite and PostgreSQL, set up as the ledger needs them."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from domain.errors import DomainError
from store.kernel import private_files, sqlite_driver

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_BUSY_MS = 30_000
READERS = 4
CONNECT_WITHIN = 3.0
"""Seconds in which PostgreSQL has to take a connection: a person waits for what comes of it."""
_RESTED = 2.0
# 64 MiB between checkpoints. Each one syncs the disk, and by default one comes every 4 MiB, which
# events with their random ids fill in a few hundred rows.
_CHECKPOINT_PAGES = 16_384
# RETURNING came with this version.
_OLDEST_SQLITE = (3, 35)


def ledger_url(url: str) -> URL:
    """``url`` with the driver that we use; ``DomainError`` if it cannot name a ledger."""
    hint = "Use sqlite:///path/to/ledger.db or postgresql://user:password@host/database."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DomainError("The database URL cannot be read.", hint) from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise DomainError(f"There is no ledger in {parsed.drivername!r}.", hint)
    if driver.startswith("sqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise DomainError("A ledger in memory would be lost with the process.", hint)
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise DomainError(
                f"This Python has SQLite {sqlite3.sqlite_version}, and the ledger needs 3.35.",
                "Use a newer Python, or PostgreSQL.",
            )
    return parsed.set(drivername=driver)


def postgres_engine(url: URL) -> AsyncEngine:
    """Connections to PostgreSQL, pooled."""
    # The server compiles a statement that it considers expensive, every time. Once an audience was
    # large it considered ours expensive, and 1 ms for a batch's recipients became 16.
    engine = create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        # The one that was used last: the server plans a statement anew in each connection.
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_WITHIN,
            "server_settings": {"timezone": "UTC", "jit": "off"},
        },
    )
    _ping_after_rest(engine.sync_engine)
    return engine


def sqlite_engine(
    url: URL, begin: str, *, connections: int, cache_mib: int, inline: bool = False
) -> AsyncEngine:
    """Connections to SQLite from an event loop; each transaction starts with ``begin``.

    ``inline`` is for transactions of small statements, which run in the event loop.
    """
    connect = sqlite_driver.connect_inline if inline else sqlite_driver.connect
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_BUSY_MS / 1000,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MS / 1000, "async_creator_fn": connect},
    )

    # A checkpoint syncs the disk, which is not for the event loop.
    checkpoint = 0 if inline else _CHECKPOINT_PAGES
    _prepare_sqlite(engine.sync_engine, begin, cache_mib=cache_mib, checkpoint=checkpoint)
    return engine


def _prepare_sqlite(
    engine: Engine, begin: str, *, cache_mib: int, checkpoint: int = _CHECKPOINT_PAGES
) -> None:
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver would begin transactions by itself, later than we need and never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {_BUSY_MS}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            f"cache_size = -{cache_mib * 1024}",
            f"wal_autocheckpoint = {checkpoint}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))


def _make_private(
    _: Dialect, __: ConnectionPoolEntry, arguments: Sequence[object], ___: object
) -> None:
    # SQLite would make the file as the umask says, and the files beside it get its mode.
    with suppress(OSError):
        private_files.make_file(Path(str(arguments[0])))


def thread_engine(url: URL, begin: str, *, cache_mib: int) -> Engine:
    """The same for one thread, which makes no trip for a statement."""
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MS / 1000},
    )
    _prepare_sqlite(engine, begin, cache_mib=cache_mib)
    return engine


def _ping_after_rest(engine: Engine) -> None:
    """Test a pooled connection that has been idle before it is used: its server may be gone.

    SQLAlchemy's own pre-ping tries every one, which is three more trips for each transaction.
    """

    def note(_: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["since"] = time.monotonic()

    def ping(
        connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection
    ) -> None:
        if time.monotonic() - record.info.get("since", math.inf) < _RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool tries another one.
            raise DisconnectionError from error

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", ping)
