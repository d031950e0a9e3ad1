"""Faults of the ledger's database: it is locked, or its disk is full."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sqlite3
import threading
from pathlib import Path

from sqlalchemy import text

from chaos.stack import SmallDisk
from store.kernel.database import Database

_CHUNK = bytes(64 * 1024)


class LedgerFaults:
    """Locks and fills one ledger. Each method returns why it could not, or nothing."""

    def __init__(self, database: Database, file: Path | None, disk: SmallDisk | None) -> None:
        self._database = database
        self._file = file
        self._disk = disk
        self._let_go = threading.Event()
        self._ballast = disk.folder / "ballast" if disk is not None else None

    async def lock(self, seconds: float) -> str:
        """Lock the ledger for so many seconds: nobody can write."""
        if self._file is not None:
            return await asyncio.to_thread(self._lock_file, self._file, seconds)
        tables = "publications, broadcasts, batches, timeline"
        async with self._database.write() as connection:
            await connection.execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
            await asyncio.sleep(seconds)
        return ""

    async def fill(self, seconds: float) -> str:
        """Fill the ledger's disk to the last byte for so many seconds."""
        if self._disk is None or self._ballast is None:
            return "this ledger has no disk of its own"
        if self._disk.why_not:
            return self._disk.why_not
        try:
            await asyncio.to_thread(_fill, self._ballast)
            await asyncio.sleep(seconds)
        finally:
            self._ballast.unlink(missing_ok=True)
        return ""

    async def lift(self) -> None:
        """End every fault."""
        self._let_go.set()
        if self._ballast is not None:
            self._ballast.unlink(missing_ok=True)

    def _lock_file(self, file: Path, seconds: float) -> str:
        with contextlib.closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return "others kept it busy all the time"
            self._let_go.wait(seconds)
            other.execute("ROLLBACK")
        return ""


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        chunk = _CHUNK
        while chunk:
            try:
                file.write(chunk)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                chunk = chunk[: len(chunk) // 2]
