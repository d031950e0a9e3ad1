"""The one way to the ledger: a database, and transactions to read and write in.

SQLite (embedded) and PostgreSQL (at scale) differ in a few places, and all of them are here, in
``bulk`` and in ``columns``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Select,
    Table,
    create_engine,
    event,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.dml import Insert

from domain.errors import DomainError
from store import sqlite_driver
from store.errors import StoreUnavailable, unavailable, unreachable

if TYPE_CHECKING:
    from store.deliveries import Layout

__all__ = ["Database", "StoreUnavailable"]

DialectName = Literal["sqlite", "postgresql"]
S = TypeVar("S")
T = TypeVar("T")

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_BUSY_MS = 30_000
_READERS = 4
_RESTED = 2.0
# 64 MiB between checkpoints. Each one syncs the disk, and by default one comes every 4 MiB, which
# events with their random ids fill in a few hundred rows.
_CHECKPOINT_PAGES = 16_384
# RETURNING came with this version.
_OLDEST_SQLITE = (3, 35)


class Apart(Exception):
    """What was to go in one transaction cannot: each part has to go in one of its own."""


class Database:
    """A ledger. Open one per process and event loop, and close it at the end.

    SQLite lets one connection write at a time, so callers queue here for their turn; spinning on
    SQLite's own lock would be unfair and slower.
    """

    def __init__(
        self,
        dialect: DialectName,
        writer: AsyncEngine,
        reader: AsyncEngine,
        in_thread: _InThread | None = None,
    ) -> None:
        self.dialect = dialect
        # Kept by store.deliveries: what never changes once it was planned.
        self.layouts: dict[int, Layout] = {}
        self._writer = writer
        self._reader = reader
        self._in_thread = in_thread
        self._turn = asyncio.Lock() if dialect == "sqlite" else _NoLock()

    @classmethod
    def open(cls, url: str) -> Database:
        """Return the ledger at ``url``: ``sqlite:///path/file.db`` or ``postgresql://…``.

        Connects only when first used. ``DomainError`` for a URL that cannot name a ledger.
        """
        parsed = ledger_url(url)
        if parsed.get_backend_name() == "sqlite":
            writer = _sqlite_engine(parsed, "BEGIN IMMEDIATE", connections=1, cache_mib=16)
            reader = _sqlite_engine(parsed, "BEGIN", connections=_READERS, cache_mib=8)
            return cls("sqlite", writer, reader, _InThread(parsed))
        # The server compiles a statement that it takes for expensive, each time anew. It took ours
        # for that once an audience was large, and 1 ms for a batch's recipients became 16.
        engine = create_async_engine(
            parsed,
            pool_size=10,
            max_overflow=10,
            hide_parameters=True,
            connect_args={"timeout": 10, "server_settings": {"timezone": "UTC", "jit": "off"}},
        )
        _ping_after_rest(engine.sync_engine)
        return cls("postgresql", engine, engine)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write: kept whole at the end, or not at all on an error.

        On SQLite it holds the write lock from its first moment, so that nothing read in it can
        change before it ends. Raises ``StoreUnavailable``. Must not be nested.
        """
        async with (
            _in_words(),
            self._turn,
            _connected(self._writer) as connection,
            connection.begin(),
        ):
            yield connection

    async def write_with(self, work: Callable[[Connection], T]) -> T:
        """``write`` for ``work`` that waits for nothing but the database, in one trip.

        What a broadcast does for each batch goes this way. On SQLite ``work`` runs in a thread:
        it must not touch what others change. There a statement costs a sixth of one in ``write``,
        where each makes a trip of its own.
        """
        if self._in_thread is None:
            async with self.write() as connection:
                return await connection.run_sync(work)
        thread = self._in_thread

        def in_one() -> T:
            with thread.writing() as connection:
                return work(connection)

        async with _in_words(), self._turn:
            return await thread.run(in_one)

    async def look_and_write(
        self,
        look: Callable[[Connection], S],
        write: Callable[[Connection, Callable[[], S]], T],
        *,
        watched: Table,
    ) -> T:
        """``write_with`` for work that can do most of its reading before it writes.

        ``write`` calls its second argument for what ``look``, which only reads, has seen. On SQLite
        that was before the write lock was asked for, so that no other process waits for it; if
        rows have come into ``watched`` since, ``look`` runs again. On PostgreSQL it runs when it
        is called for, since nobody waits for a reader there.
        """
        if self._in_thread is None:
            return await self.write_with(
                lambda connection: write(connection, lambda: look(connection))
            )
        thread = self._in_thread
        newest = _newest(watched)

        def both() -> T:
            with thread.reading() as connection:
                before = connection.scalar(newest)
                seen = look(connection)
            with thread.writing() as connection:

                def what_was_seen() -> S:
                    now = connection.scalar(newest)
                    return seen if now == before else look(connection)

                return write(connection, what_was_seen)

        async with _in_words(), self._turn:
            return await thread.run(both)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that only reads. Raises ``StoreUnavailable``."""
        async with _in_words(), _connected(self._reader) as connection, connection.begin():
            yield connection

    async def close(self) -> None:
        """Let go of every connection."""
        await self._writer.dispose()
        await self._reader.dispose()
        if self._in_thread is not None:
            await self._in_thread.close()

    def insert_or_ignore(self, table: Table, conflict: Iterable[str] | None = None) -> Insert:
        """``insert_or_ignore`` for this ledger."""
        return insert_or_ignore(self.dialect, table, conflict)

    async def count_anew(self, table: Table) -> None:
        """Tell the planner of statements how a table looks now, after many rows were added.

        PostgreSQL does it by itself some minutes later. Until then it takes a new audience for an
        empty one, and cutting a million recipients into batches took it half a minute. SQLite
        decides without such counts.
        """
        if self.dialect == "postgresql":
            async with self.write() as connection:
                await connection.execute(text(f"ANALYZE {table.name}"))

    async def serialise(self, connection: AsyncConnection, what: str) -> None:
        """Let nobody else who names ``what`` pass here until this transaction ends.

        On SQLite a writing transaction has that already.
        """
        if self.dialect == "postgresql":
            lock = func.pg_advisory_xact_lock(func.hashtextextended(what, 0))
            await connection.execute(select(lock))


def _ping_after_rest(engine: Engine) -> None:
    """Try a pooled connection that has lain idle before it is used: its server may be gone.

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
            # The pool takes another one.
            raise DisconnectionError from error

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", ping)


class _InThread:
    """Two more connections to SQLite, to read and to write, which live in a thread of their own."""

    def __init__(self, url: URL) -> None:
        self._writer = _thread_engine(url, "BEGIN IMMEDIATE", cache_mib=16)
        self._reader = _thread_engine(url, "BEGIN", cache_mib=8)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def run(self, job: Callable[[], T]) -> T:
        """Let the thread do ``job``."""
        done = self._thread.submit(job)
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            # The thread is still at it, and nobody else may write before it has ended.
            await asyncio.to_thread(concurrent.futures.wait, [done])
            raise

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that reads; for the thread only."""
        return self._reader.begin()

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the write lock; for the thread only."""
        return self._writer.begin()

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._writer.dispose)
        await loop.run_in_executor(self._thread, self._reader.dispose)
        self._thread.shutdown()


def _thread_engine(url: URL, begin: str, *, cache_mib: int) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MS / 1000},
    )
    _prepare_sqlite(engine, begin, cache_mib=cache_mib)
    return engine


@cache
def _newest(table: Table) -> Select[int]:
    """Which row of a table in SQLite came last.

    Its number is given again if that row is removed first; whoever watches for additions would
    miss one that came in the same milliseconds as such a removal.
    """
    return select(func.max(literal_column("rowid", BigInteger))).select_from(table)


class _NoLock:
    """Where the database itself lets many write at a time."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


def insert_or_ignore(
    dialect: DialectName, table: Table, conflict: Iterable[str] | None = None
) -> Insert:
    """An insert that leaves a row alone that is there already.

    ``conflict`` names the columns whose clash is ignored; without it, any clash is.
    """
    on = list(conflict) if conflict is not None else None
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=on)
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=on)


def upsert(dialect: DialectName, table: Table) -> SqliteInsert | PostgresInsert:
    """An insert that can say ``on_conflict_do_update``, in the same words on both databases."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


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


def _sqlite_engine(url: URL, begin: str, *, connections: int, cache_mib: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_BUSY_MS / 1000,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MS / 1000, "async_creator_fn": sqlite_driver.connect},
    )

    _prepare_sqlite(engine.sync_engine, begin, cache_mib=cache_mib)
    return engine


def _prepare_sqlite(engine: Engine, begin: str, *, cache_mib: int) -> None:
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
            f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        connection = await engine.connect()
    except OSError as error:
        # asyncpg lets the socket's own errors through, time-outs included.
        raise unreachable() from error
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _in_words() -> AsyncIterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        told = unavailable(error)
        if told is None:
            raise
        raise told from error
