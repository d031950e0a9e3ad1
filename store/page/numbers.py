"""The numbers of the status page's snapshots: one sequence for all incidents and workers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from store.kernel.database import Database
from store.tables import status_page

_ID = 1


async def next_number(db: Database, now: datetime) -> int:
    """The number of a snapshot that is about to be read from the ledger.

    Taken before the reading: so a snapshot shows all that was entered before its number was taken,
    and one with a higher number never shows less. It is at least the seconds since 1970: a ledger
    that was restored from an earlier copy must not number its snapshots lower than what is public.
    """
    async with db.write() as connection:
        await db.serialise(connection, "status page")
        last = await connection.scalar(select(status_page.c.number))
        number = max((last or 0) + 1, int(now.timestamp()))
        values = {"number": number, "taken_at": now}
        if last is None:
            await connection.execute(status_page.insert().values(id=_ID, **values))
        else:
            await connection.execute(update(status_page).values(values))
        return number


async def last_taken(db: Database) -> datetime | None:
    """When the newest snapshot was read; None if there was none."""
    async with db.read() as connection:
        return await connection.scalar(select(status_page.c.taken_at))
