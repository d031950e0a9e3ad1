"""The only access to the ledger: a database, and transactions to read and write in.

SQLite (embedded) and PostgreSQL (at scale) differ in a few places, and all of them are in this
folder.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, nullcontext
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
from store.kernel.priority import Priority
from store.kernel.sqlite_thread import newest_row
from store.kernel.sqlite_writers import SqliteWriters
from store.kernel.write_times import WriteTimes

DialectName = Literal["sqlite", "postgresql"]
S = TypeVar("S")
T = TypeVar("T")


class Apart(Exception):
    """The work does not fit into one transaction: each part needs one of its own."""


class Database:
    """A ledger. Open one per process and event loop, and close it at the end.

    SQLite lets one connection write at a time, so callers queue here, the most urgent first
    (``Turns``); polling SQLite's own lock would be unfair and slower. PostgreSQL lets many write.
    """

    def __init__(
        self,
        dialect: DialectName,
        writer: AsyncEngine,
        reader: AsyncEngine,
        sqlite: SqliteWriters | None,
    ) -> None:
        self.dialect = dialect
        self._writer = writer
        self._reader = reader
        self._sqlite = sqlite
        self._closed = False
        self.write_times = WriteTimes()

    @classmethod
    def open(cls, url: str) -> Database:
        """Return the ledger at ``url``: ``sqlite:///path/file.db`` or ``postgresql://…``.

        Connects only when first used. ``DomainError`` for a URL that cannot name a ledger.
        """
        parsed = ledger_url(url)
        if parsed.get_backend_name() == "sqlite":
            sqlite = SqliteWriters(parsed)
            reader = sqlite_engine(parsed, "BEGIN", connections=READERS, cache_mib=8)
            return cls("sqlite", sqlite.small, reader, sqlite)
        engine = postgres_engine(parsed)
        return cls("postgresql", engine, engine, None)

    @asynccontextmanager
    async def write(
        self, priority: Priority = Priority.URGENT, *, many_rows: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write: committed at the end, or rolled back on an error.

        On SQLite it has the write lock from the start, so that nothing read in it can change
        before it ends. Nobody else writes meanwhile, so wait in it for nothing but the database.
        Unless it touches ``many_rows``, its statements run in the event loop. Must not be nested.
        Raises ``StoreUnavailable``.
        """
        writer = self._writer
        if self._sqlite is not None and many_rows:
            writer = self._sqlite.many
        async with (
            _in_words(),
            self._turn(priority),
            self._connected(writer) as connection,
            connection.begin(),
        ):
            yield connection
        if self._sqlite is not None and not many_rows:
            self._sqlite.wrote_little()

    async def write_with(
        self, work: Callable[[Connection], T], priority: Priority = Priority.NORMAL
    ) -> T:
        """``write`` for ``work`` that waits for nothing but the database, in one trip.

        What a broadcast does for each batch goes this way. On SQLite ``work`` runs in a thread:
        it must not touch what others change. There a statement costs a sixth of one in ``write``,
        where each makes a trip of its own.
        """
        if self._sqlite is None:
            async with self.write(priority) as connection:
                return await connection.run_sync(work)
        async with _in_words(), self._turn(priority):
            return await self._sqlite.writing.run(work)

    async def look_and_write(
        self,
        look: Callable[[Connection], S],
        write: Callable[[Connection, Callable[[], S]], T],
        *,
        watched: Table,
        priority: Priority = Priority.NORMAL,
    ) -> T:
        """``write_with`` for work that can do most of its reading before it writes.

        ``write`` calls its second argument for what ``look``, which only reads, has seen. On SQLite
        that was before the write lock was asked for, so that nobody else waits for it; if rows have
        come into ``watched`` since, ``look`` runs again. On PostgreSQL it runs when it is called
        for, since nobody waits for a reader there.
        """
        if self._sqlite is None:
            return await self.write_with(
                lambda connection: write(connection, lambda: look(connection)), priority
            )
        newest = newest_row(watched)

        def look_first(connection: Connection) -> tuple[int | None, S]:
            return connection.scalar(newest), look(connection)

        def then_write(connection: Connection) -> T:
            def what_was_seen() -> S:
                return seen if connection.scalar(newest) == before else look(connection)

            return write(connection, what_was_seen)

        async with _in_words():
            before, seen = await self._sqlite.looking.run(look_first)
            async with self._turn(priority):
                return await self._sqlite.writing.run(then_write)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that only reads. Raises ``StoreUnavailable``."""
        async with _in_words(), self._connected(self._reader) as connection, connection.begin():
            yield connection

    async def close(self) -> None:
        """Close every connection; one that is in use is closed when it is handed back."""
        self._closed = True
        await self._writer.dispose()
        await self._reader.dispose()
        if self._sqlite is not None:
            await self._sqlite.close()

    @asynccontextmanager
    async def _turn(self, priority: Priority) -> AsyncIterator[None]:
        asked = time.monotonic()
        turn = nullcontext() if self._sqlite is None else self._sqlite.turns.turn(priority)
        async with turn:
            with self.write_times.writing(priority, asked):
                yield

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await engine.connect()
        except OSError as error:
            # asyncpg passes on the socket's own errors, including time-outs.
            raise unreachable() from error
        try:
            yield connection
        finally:
            if self._closed:
                # Its pool was closed meanwhile, and would keep it open for nobody.
                await connection.invalidate()
            await connection.close()

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
async def _in_words() -> AsyncIterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        known = unavailable(error)
        if known is None:
            raise
        raise known from error
