"""SQLite from an event loop, with one trip to its thread for a statement, or with none.

SQLAlchemy drives aiosqlite through a cursor that makes four trips (make, execute, fetch, close),
which took a quarter of the time of entering a batch. Every statement of the ledger is small or
reads a page, so its rows can come back with it.

A transaction that makes trips holds the write lock for as long as they take, and beside a broadcast
each takes as long as the event loop is busy with the mail. Where every statement is small they run
in the event loop itself, so that the lock is held for the statements alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import aiosqlite

Parameters = Sequence[object]
T = TypeVar("T")
Row = tuple[object, ...]


def connect(database: str, **options: object) -> aiosqlite.Connection:
    """A connection to await, for SQLAlchemy's ``async_creator_fn``."""
    return _connection(_Connection, database, options)


def connect_inline(database: str, **options: object) -> aiosqlite.Connection:
    """The same for small statements, which run in the event loop; opening it makes trips."""
    return _connection(_Inline, database, options)


def _connection(
    kind: type[_Connection], database: str, options: Mapping[str, object]
) -> aiosqlite.Connection:

    def connector() -> sqlite3.Connection:
        return sqlite3.connect(database, **options)  # type: ignore[call-overload, no-any-return]

    connection = kind(connector, iter_chunk_size=64)
    # As SQLAlchemy does it: a ledger that nobody closed must not keep the process alive.
    connection._thread.daemon = True
    return connection


class _Connection(aiosqlite.Connection):
    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    _stopping: asyncio.Future[object] | None = None

    def stop(self) -> asyncio.Future[object] | None:
        # Nobody answers a second order: the thread has ended by then.
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping

    async def _connect(self) -> aiosqlite.Connection:
        try:
            return await super()._connect()
        except BaseException:
            # A file that cannot be opened: aiosqlite tells its thread to end and does not wait.
            if self._stopping is not None:
                await self._stopping
            raise

    async def _execute(self, fn: Callable[..., T], *args: object, **kwargs: object) -> T:
        try:
            done: T = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            # The thread is still busy. Wait for it even when cancelled: it must not return
            # to an event loop that has closed meanwhile.
            self._conn.interrupt()
            await super()._execute(_nothing)  # type: ignore[no-untyped-call]
            raise
        return done

    async def rollback(self) -> None:
        # The pool rolls back every connection that it gets back; nearly always there is nothing.
        if self.in_transaction:
            await super().rollback()


class _Inline(_Connection):
    """Runs statements in the event loop, except one that finds the file locked."""

    async def _execute(self, fn: Callable[..., T], *args: object, **kwargs: object) -> T:
        if self._connection is None:
            return await super()._execute(fn, *args, **kwargs)
        return fn(*args, **kwargs)

    async def begin(self, operation: str) -> None:
        """Begin a transaction; wait in the thread if somebody has the file locked."""
        [patience] = self._conn.execute("PRAGMA busy_timeout").fetchone()
        self._conn.execute("PRAGMA busy_timeout = 0")
        try:
            self._conn.execute(operation)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        finally:
            self._conn.execute(f"PRAGMA busy_timeout = {patience}")
        await super()._execute(self._conn.execute, operation)


class _Cursor:
    """What SQLAlchemy needs of a cursor; rows are here as soon as the statement is done."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Row] = []
        self.description: object = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def execute(self, operation: str, parameters: Parameters | None = None) -> Self:
        if isinstance(self._connection, _Inline) and operation.startswith("BEGIN"):
            await self._connection.begin(operation)
            return self
        await self._connection._execute(self._run, operation, parameters or ())
        return self

    async def executemany(self, operation: str, parameters: Iterable[Parameters]) -> Self:
        await self._connection._execute(self._run_many, operation, parameters)
        return self

    async def fetchall(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    async def fetchone(self) -> Row | None:
        return self._rows.pop(0) if self._rows else None

    async def fetchmany(self, size: int = 1) -> list[Row]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def close(self) -> None:
        self._rows = []

    def _run(self, operation: str, parameters: Parameters) -> None:
        cursor = self._connection._conn.execute(operation, parameters)
        self._keep(cursor)

    def _run_many(self, operation: str, parameters: Iterable[Parameters]) -> None:
        self._keep(self._connection._conn.executemany(operation, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        if cursor.description is not None:
            self._rows = cursor.fetchall()
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid
        cursor.close()


def _nothing() -> None:
    pass
