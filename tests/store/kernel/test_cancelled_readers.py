"""Whoever is cancelled while the ledger answers, or outlives it, leaves no connection open."""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.kernel.database import Database


async def test_connections_of_the_cancelled_end(tmp_path: Path) -> None:
    """Tasks waited for ever for a thread that had ended, and were found by the collector."""
    lost: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: lost.append(about))
    dice = random.Random(1)
    database = Database.open(f"sqlite:///{tmp_path / 'ledger.db'}")

    async def look(number: int) -> None:
        async with database.write() if number % 5 == 0 else database.read() as connection:
            await connection.execute(text("SELECT 1"))

    for _ in range(10):
        looking: list[asyncio.Task[None]] = []
        for number in range(40):
            looking.append(asyncio.create_task(look(number)))
            await asyncio.sleep(dice.random() / 2000)
            dice.choice(looking).cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        looking.clear()
        gc.collect()
    await database.close()
    assert lost == []


@pytest.mark.parametrize("how", ["reads", "writes a little", "writes much"])
async def test_who_outlives_the_ledger_leaves_no_connection_open(tmp_path: Path, how: str) -> None:
    """Handed back to a pool that was closed, it was found by the collector in another test."""
    await outlived(Database.open(f"sqlite:///{tmp_path / 'ledger.db'}"), how)
    # A connection that nobody closed warns now, and a warning fails the test.
    gc.collect()


async def outlived(database: Database, how: str) -> None:
    """Somebody has a connection when the ledger is closed, and somebody comes later."""
    inside, ends = asyncio.Event(), asyncio.Event()

    def transaction() -> AbstractAsyncContextManager[AsyncConnection]:
        return database.read() if how == "reads" else database.write(many_rows="much" in how)

    async def look() -> None:
        async with transaction() as connection:
            await connection.execute(text("SELECT 1"))
            inside.set()
            await ends.wait()
            await connection.execute(text("SELECT 1"))

    looking = asyncio.create_task(look())
    await inside.wait()
    await database.close()
    ends.set()
    await looking
    async with transaction() as connection:
        await connection.execute(text("SELECT 1"))
