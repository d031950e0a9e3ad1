"""Which ledger this is: a restored one is another than the one it was copied from."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.kernel.database import Database, insert_or_ignore, upsert
from store.tables import ledger

_ONLY = 1


async def generation(db: Database) -> str:
    """The name of this ledger, given when it is first asked for."""
    async with db.read() as connection:
        found = await read_generation(connection)
    if found:
        return found
    async with db.write() as connection:
        await ensure_generation(connection, db)
        return await read_generation(connection)


async def ensure_generation(connection: AsyncConnection, db: Database) -> None:
    """Give the ledger a name unless it has one."""
    await connection.execute(insert_or_ignore(db.dialect, ledger).values(_new()))


async def read_generation(connection: AsyncConnection) -> str:
    """The same within a transaction; "" if it has no name yet."""
    found: str | None = await connection.scalar(select(ledger.c.generation))
    return found or ""


async def begin_generation(connection: AsyncConnection, db: Database) -> str:
    """Give the ledger a new name: whoever knew it under another must compare before sending."""
    row = _new()
    naming = upsert(db.dialect, ledger).values(row)
    await connection.execute(
        naming.on_conflict_do_update(
            index_elements=["id"],
            set_={"generation": naming.excluded.generation, "since": naming.excluded.since},
        )
    )
    return str(row["generation"])


def _new() -> dict[str, object]:
    return {"id": _ONLY, "generation": uuid.uuid4().hex, "since": datetime.now(UTC)}
