"""SQLite in a thread of its own, where a transaction of many statements is one trip."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

from sqlalchemy import BigInteger, Connection, Select, Table, func, literal_column, select
from sqlalchemy.engine import URL

from store.kernel.engines import thread_engine

T = TypeVar("T")


class SqliteThread:
    """Two more connections to SQLite, to read and to write, which live in a thread of their own."""

    def __init__(self, url: URL) -> None:
        self._writer = thread_engine(url, "BEGIN IMMEDIATE", cache_mib=16)
        self._reader = thread_engine(url, "BEGIN", cache_mib=8)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def run(self, job: Callable[[], T]) -> T:
        """Run ``job`` in the thread."""
        done = self._thread.submit(job)
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            # The thread is still busy, and nobody else may write before it has ended.
            await asyncio.to_thread(concurrent.futures.wait, [done])
            raise

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that reads; for the thread only."""
        return self._reader.begin()

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction with the write lock; for the thread only."""
        return self._writer.begin()

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._writer.dispose)
        await loop.run_in_executor(self._thread, self._reader.dispose)
        self._thread.shutdown()


@cache
def newest_row(table: Table) -> Select[int]:
    """Which row of a table in SQLite came last.

    Its number is given again if that row is removed first; whoever watches for additions would
    miss one that came in the same milliseconds as such a removal.
    """
    return select(func.max(literal_column("rowid", BigInteger))).select_from(table)
