"""Incidents of which everything is stopped by a person.

A stop is looked at by the statements that hand out a post or a batch, as a lock is: it holds from
the moment in which it is entered, whether Temporal answers or not, and whoever asks. The incident
is told of it afterwards, for its timeline; ``untold`` are those of which it has not heard.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select, true, update

from domain.actor import Actor
from domain.stopping import Stop
from store.kernel.database import Database
from store.tables import incidents, stops


def not_stopped(incident: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that nobody has stopped everything of ``incident``."""
    return ~exists().where(stops.c.incident == incident, stops.c.ended_at.is_(None))


async def stop(db: Database, incident: str, by: Actor, reason: str, at: datetime) -> Stop:
    """Let nothing more go out for an incident; one that is stopped keeps its first stop."""
    row = {
        "id": uuid.uuid4().hex,
        "incident": incident,
        "at": at,
        "by": by.model_dump_json(),
        "reason": reason,
        "untold": True,
    }
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(stops).values(row))
        found = (await connection.execute(_in_force(incident))).mappings().one()
    return _read(found)


async def resume(
    db: Database, incident: str, by: Actor, at: datetime, begun_before: datetime | None = None
) -> Stop | None:
    """End the stop of an incident and return it; None if it has none, or only one begun later."""
    begun = true() if begun_before is None else stops.c.at <= begun_before
    async with db.write() as connection:
        ended = await connection.execute(
            update(stops)
            .where(stops.c.incident == incident, stops.c.ended_at.is_(None), begun)
            .values(ended_at=at, ended_by=by.model_dump_json(), untold=True)
            .returning(*stops.c)
        )
        found = ended.mappings().first()
    return None if found is None else _read(found)


async def ended_last(db: Database, incident: str) -> Stop | None:
    """The stop of an incident that ended last; None if none has."""
    query = (
        select(stops)
        .where(stops.c.incident == incident, stops.c.ended_at.is_not(None))
        .order_by(stops.c.ended_at.desc())
        .limit(1)
    )
    async with db.read() as connection:
        found = (await connection.execute(query)).mappings().first()
    return None if found is None else _read(found)


async def enter_again(db: Database, known: Stop) -> None:
    """Enter a stop that a restored ledger has forgotten, or does not have as ended.

    What ended since the copy was taken stays in force in the copy: a person resumes it again.
    """
    if not known.in_force:
        return
    row = {
        "id": known.id,
        "incident": known.incident,
        "at": known.at,
        "by": known.by.model_dump_json(),
        "reason": known.reason,
    }
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(stops).values(row))


async def in_force(db: Database, incident: str) -> Stop | None:
    """The stop that keeps everything of an incident back, if there is one."""
    async with db.read() as connection:
        found = (await connection.execute(_in_force(incident))).mappings().first()
    return None if found is None else _read(found)


async def all_in_force(db: Database) -> dict[str, Stop]:
    """Every stop in force, by its incident."""
    query = select(stops).where(stops.c.ended_at.is_(None))
    async with db.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return {row["incident"]: _read(row) for row in rows}


async def untold(db: Database) -> list[str]:
    """The open incidents that have not heard of a stop, or of its end."""
    query = (
        select(stops.c.incident)
        .join(
            incidents, and_(incidents.c.slug == stops.c.incident, incidents.c.closed_at.is_(None))
        )
        .where(stops.c.untold)
        .distinct()
        .order_by(stops.c.incident)
    )
    async with db.read() as connection:
        return list(await connection.scalars(query))


async def tell(db: Database, incident: str, since: datetime | None) -> list[Stop]:
    """The stops of an incident that began at ``since`` or later, in order; it is told of all."""
    began = [stops.c.at >= since] if since is not None else []
    async with db.write() as connection:
        # First, so that what changes meanwhile is told again.
        await connection.execute(
            update(stops).where(stops.c.incident == incident, stops.c.untold).values(untold=False)
        )
        rows = await connection.execute(
            select(stops)
            .where(stops.c.incident == incident, *began)
            .order_by(stops.c.at, stops.c.id)
        )
        return [_read(row) for row in rows.mappings()]


def _in_force(incident: str) -> Select[*tuple[Any, ...]]:
    return select(stops).where(stops.c.incident == incident, stops.c.ended_at.is_(None))


def _read(row: Mapping[Any, Any]) -> Stop:
    return Stop(
        id=row["id"],
        incident=row["incident"],
        at=row["at"],
        by=Actor.model_validate_json(row["by"]),
        reason=row["reason"],
        ended_at=row["ended_at"],
        ended_by=Actor.model_validate_json(row["ended_by"]) if row["ended_by"] else None,
    )
