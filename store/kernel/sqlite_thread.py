"""SQLite in threads of its own, where a transaction of many statements is one trip."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from sqlalchemy import BigInteger, Connection, Select, Table, func, literal_column, select
from sqlalchemy.engine import URL

from store.kernel.engines import thread_engine

T = TypeVar("T")


class SqliteThread:
    """One more connection to SQLite, which lives in a thread of its own."""

    def __init__(self, url: URL, begin: str, *, cache_mib: int) -> None:
        self._engine = thread_engine(url, begin, cache_mib=cache_mib)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in the thread, in a transaction."""
        done = self._thread.submit(self._transaction, work)
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            # The thread is still busy, and nobody else may write before it has ended.
            await asyncio.to_thread(concurrent.futures.wait, [done])
            raise

    async def checkpoint(self) -> None:
        """Copy the write-ahead log into the database, as far as no reader needs it; syncs the disk.

        Others may write meanwhile.
        """
        await asyncio.wrap_future(self._thread.submit(self._checkpoint))

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    def _checkpoint(self) -> None:
        # Outside of a transaction, which SQLAlchemy would begin.
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            connection.close()

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)


@cache
def newest_row(table: Table) -> Select[int]:
    """Which row of a table in SQLite came last.

    Its number is given again if that row is removed first; whoever watches for additions would
    miss one that came in the same milliseconds as such a removal.
    """
    return select(func.max(literal_column("rowid", BigInteger))).select_from(table)
