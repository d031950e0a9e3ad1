"""The ledger of a benchmark that needs one: SQLite, or a PostgreSQL server of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import postgres


@asynccontextmanager
async def ledger(kind: str, folder: Path) -> AsyncIterator[str | None]:
    """The URL of a ledger that is to be made; None if this machine has no such server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    found = postgres.binaries()
    if found is None:
        yield None
        return
    async with postgres.running(found) as server:
        await server.create("ledger")
        yield server.url("ledger")


@asynccontextmanager
async def needed_ledger(kind: str, folder: Path) -> AsyncIterator[str]:
    """``ledger`` where there is nothing to measure without one: the program ends and says so."""
    async with ledger(kind, folder) as url:
        if url is None:
            raise SystemExit("There is no PostgreSQL server on this machine.")
        yield url
