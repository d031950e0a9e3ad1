"""Whoever is cancelled while the ledger answers leaves no connection that is never closed."""

from __future__ import annotations

import asyncio
import gc
import random
from pathlib import Path

from sqlalchemy import text

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
