"""The connections that write to a SQLite ledger, and the queue for them.

Only one of them writes at a time. They differ in where their statements run: in the event loop, in
a thread one by one, or in a thread all in one trip.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy.engine import URL

from store.kernel.engines import sqlite_engine
from store.kernel.file_turn import FileTurn
from store.kernel.sqlite_thread import SqliteThread
from store.kernel.turns import Turns

_CHECKPOINT_EVERY = 1_000
"""Transactions of small statements between two checkpoints, which they do not make themselves."""


class SqliteWriters:
    """Who writes to a SQLite ledger, and in which order.

    ``small`` is for few rows, ``many`` for many, ``writing`` for plain functions;
    ``looking`` reads, for what can be known before it is written.
    """

    def __init__(self, url: URL) -> None:
        begin = "BEGIN IMMEDIATE"
        self.small = sqlite_engine(url, begin, connections=1, cache_mib=4, inline=True)
        self.many = sqlite_engine(url, begin, connections=1, cache_mib=16)
        self.writing = SqliteThread(url, begin, cache_mib=16)
        self.looking = SqliteThread(url, "BEGIN", cache_mib=8)
        self._file = FileTurn(Path(url.database or ""))
        self.turns = Turns(self._file)
        self._small_writes = 0
        self._checkpoint: asyncio.Task[None] | None = None

    def wrote_little(self) -> None:
        """Count a transaction in the event loop; now and then begin a checkpoint behind it."""
        self._small_writes += 1
        if self._small_writes % _CHECKPOINT_EVERY == 0 and self._checkpoint is None:
            self._checkpoint = asyncio.create_task(self.looking.checkpoint())
            self._checkpoint.add_done_callback(self._checkpointed)

    def _checkpointed(self, done: asyncio.Task[None]) -> None:
        self._checkpoint = None
        if not done.cancelled():
            # A full disk is told to whoever writes next.
            done.exception()

    async def close(self) -> None:
        """Close every connection; a checkpoint under way ends first."""
        if self._checkpoint is not None:
            await asyncio.wait([self._checkpoint])
        await self.small.dispose()
        await self.many.dispose()
        await self.writing.close()
        await self.looking.close()
        self._file.close()
