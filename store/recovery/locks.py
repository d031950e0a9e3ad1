"""Incidents for which nothing goes out, because the ledger has forgotten something of them.

A lock is looked at by the statements that hand out a post or a batch, so it acts at once and
whoever asks. Only a comparison with what went out removes it: see ``client.recovery``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.model import Value
from store.kernel.database import Database, insert_or_ignore
from store.kernel.transitions import read_explanation, stored
from store.recovery.code_doubts import doubt_free_codes
from store.tables import incidents, locks


class Lock(Value):
    """Since when nothing goes out for an incident, and why."""

    incident: str
    since: datetime
    why: Explanation


def unlocked(incident: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that nothing keeps back what is to go out for ``incident``."""
    return ~exists().where(locks.c.incident == incident)


async def lock(db: Database, incident: str, why: Explanation) -> None:
    """Let nothing more go out for an incident; the first reason stays.

    Nor are codes given out that were free: this ledger may have forgotten to whom it gave them.
    """
    locking = insert_or_ignore(db.dialect, locks).values(_row(incident, why))
    async with db.write() as connection:
        if (await connection.execute(locking)).rowcount:
            await doubt_free_codes(connection, db)


async def lock_anew(connection: AsyncConnection, incident: str, why: Explanation) -> None:
    """The same within a transaction, as if nothing of it had been compared yet."""
    await connection.execute(delete(locks).where(locks.c.incident == incident))
    await connection.execute(locks.insert().values(_row(incident, why)))


async def compared(db: Database, incident: str) -> set[str]:
    """The keys of an incident's broadcasts that were compared since it is locked."""
    async with db.read() as connection:
        kept = await connection.scalar(select(locks.c.compared).where(locks.c.incident == incident))
    return set((kept or "").split())


async def note_compared(db: Database, incident: str, key: str) -> None:
    """Remember that a broadcast was compared: what a person says of it from now on counts."""
    async with db.write() as connection:
        await connection.execute(
            update(locks)
            .where(locks.c.incident == incident)
            .values(compared=locks.c.compared + f" {key}")
        )


async def unlock(db: Database, incident: str) -> None:
    """Let it go out again: it has been compared with what went out."""
    async with db.write() as connection:
        await connection.execute(delete(locks).where(locks.c.incident == incident))


async def lock_of(db: Database, incident: str) -> Lock | None:
    """The lock of an incident, if it has one."""
    query = select(locks).where(locks.c.incident == incident)
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else _read(row.incident, row.since, row.why)


async def all_locks(db: Database) -> list[Lock]:
    """Every lock, by incident."""
    async with db.read() as connection:
        rows = await connection.execute(select(locks).order_by(locks.c.incident))
        return [_read(row.incident, row.since, row.why) for row in rows]


async def open_incidents(connection: AsyncConnection) -> list[str]:
    """The incidents that this ledger has as open."""
    found = await connection.scalars(
        select(incidents.c.slug).where(incidents.c.closed_at.is_(None)).order_by(incidents.c.slug)
    )
    return list(found)


def _row(incident: str, why: Explanation) -> dict[str, object]:
    return {"incident": incident, "since": datetime.now(UTC), "why": stored(why)}


def _read(incident: str, since: datetime, why: str) -> Lock:
    explanation = read_explanation(why) or Explanation(what="It is locked.")
    return Lock(incident=incident, since=since, why=explanation)
