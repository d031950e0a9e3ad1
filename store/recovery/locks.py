"""Incidents for which nothing goes out, because the ledger has forgotten something of them.

A lock is looked at by the statements that hand out a post or a batch, so it acts at once and
whoever asks. Only a comparison with what went out removes it: see ``client.recovery``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.model import Value
from store.kernel.database import Database, insert_or_ignore
from store.kernel.transitions import read_explanation, stored
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
    """Let nothing more go out for an incident; the first reason stays."""
    async with db.write() as connection:
        await lock_in(connection, db, [incident], why)


async def lock_in(
    connection: AsyncConnection, db: Database, slugs: Iterable[str], why: Explanation
) -> None:
    """The same for several, within a transaction."""
    for slug in slugs:
        row = {"incident": slug, "since": datetime.now(UTC), "why": stored(why)}
        await connection.execute(insert_or_ignore(db.dialect, locks).values(row))


async def unlock(db: Database, incident: str) -> None:
    """Let it go out again: it has been compared with what went out."""
    async with db.write() as connection:
        await connection.execute(delete(locks).where(locks.c.incident == incident))


async def lock_of(db: Database, incident: str) -> Lock | None:
    """The lock of an incident, if it has one."""
    async with db.read() as connection:
        return await lock_within(connection, incident)


async def lock_within(connection: AsyncConnection, incident: str) -> Lock | None:
    """The same within a transaction."""
    row = (await connection.execute(select(locks).where(locks.c.incident == incident))).first()
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


def _read(incident: str, since: datetime, why: str) -> Lock:
    explanation = read_explanation(why) or Explanation(what="It is locked.")
    return Lock(incident=incident, since=since, why=explanation)
