"""The only access to the ledger: a database, and transactions to read and write in.

SQLite (embedded) and PostgreSQL (at scale) differ in a few places, and all of them are in this
folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

from sqlalchemy import (
    Connection,
    Table,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import Insert

from store.kernel.engines import READERS, ledger_url, postgres_engine, sqlite_engine
from store.kernel.errors import unavailable, unreachable
from store.kernel.sqlite_thread import SqliteThread, newest_row

DialectName = Literal["sqlite", "postgresql"]
S = TypeVar("S")
T = TypeVar("T")


class Apart(Exception):
    """The work does not fit into one transaction: each part needs one of its own."""


class Database:
    """A ledger. Open one per process and event loop, and close it at the end.

    SQLite lets one connection write at a time, so callers queue here; polling SQLite's own lock
    would be unfair and slower.
    """

    def __init__(
        self,
        dialect: DialectName,
        writer: AsyncEngine,
        reader: AsyncEngine,
        in_thread: SqliteThread | None = None,
    ) -> None:
        self.dialect = dialect
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
            writer = sqlite_engine(parsed, "BEGIN IMMEDIATE", connections=1, cache_mib=16)
            reader = sqlite_engine(parsed, "BEGIN", connections=READERS, cache_mib=8)
            return cls("sqlite", writer, reader, SqliteThread(parsed))
        engine = postgres_engine(parsed)
        return cls("postgresql", engine, engine)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write: committed at the end, or rolled back on an error.

        On SQLite it has the write lock from the start, so that nothing read in it can change
        before it ends. Raises ``StoreUnavailable``. Must not be nested.
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
        newest = newest_row(watched)

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
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()
        if self._in_thread is not None:
            await self._in_thread.close()

    def insert_or_ignore(self, table: Table, conflict: Iterable[str] | None = None) -> Insert:
        """``insert_or_ignore`` for this ledger."""
        return insert_or_ignore(self.dialect, table, conflict)

    async def count_anew(self, table: Table) -> None:
        """Have the query planner look at a table again, after many rows were added.

        PostgreSQL does it by itself some minutes later. Until then it takes a new audience for an
        empty one, and cutting a million recipients into batches took half a minute. SQLite plans
        without such counts.
        """
        if self.dialect == "postgresql":
            async with self.write() as connection:
                await connection.execute(text(f"ANALYZE {table.name}"))

    async def serialise(self, connection: AsyncConnection, what: str) -> None:
        """Lock ``what`` for this transaction against all others that name it.

        On SQLite a writing transaction excludes all others anyway.
        """
        if self.dialect == "postgresql":
            lock = func.pg_advisory_xact_lock(func.hashtextextended(what, 0))
            await connection.execute(select(lock))


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


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        connection = await engine.connect()
    except OSError as error:
        # asyncpg passes on the socket's own errors, including time-outs.
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
        known = unavailable(error)
        if known is None:
            raise
        raise known from error
