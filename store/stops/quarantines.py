"""Channels in quarantine. As with a stop, whatever hands something out looks at the row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update

from domain.actor import Actor
from domain.quarantine import Quarantine
from store.kernel.database import Database
from store.tables import quarantines

_Q = quarantines.c


def not_quarantined(channel: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that ``channel`` is not in quarantine."""
    return ~exists().where(_Q.channel == channel, _Q.ended_at.is_(None))


async def enter_again(db: Database, known: Quarantine) -> None:
    """Enter one in force that a restored ledger has forgotten; two people lift it once more."""
    row = {
        "id": known.id,
        "channel": known.channel,
        "at": known.at,
        "by": known.by.model_dump_json(),
        "reason": known.reason,
    }
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(quarantines).values(row))


async def begin(db: Database, channel: str, by: Actor, reason: str, at: datetime) -> Quarantine:
    """Let nothing more go out on a channel; one in quarantine keeps its first row.

    Whoever says it again takes back what was said about lifting it.
    """
    row = {
        "id": uuid.uuid4().hex,
        "channel": channel,
        "at": at,
        "by": by.model_dump_json(),
        "reason": reason,
        "untold": True,
    }
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(quarantines).values(row))
        found = await connection.execute(
            update(quarantines)
            .where(_Q.channel == channel, _Q.ended_at.is_(None))
            .values(lift_asked_at=None, lift_asked_by="", untold=True)
            .returning(*_Q)
        )
        return _read(found.mappings().one())


async def ask_to_lift(db: Database, known: Quarantine, by: Actor, at: datetime) -> Quarantine:
    """Enter that somebody says the channel is ours again; the first one to say it is kept."""
    async with db.write() as connection:
        await connection.execute(
            update(quarantines)
            .where(_Q.id == known.id, _Q.ended_at.is_(None), _Q.lift_asked_at.is_(None))
            .values(lift_asked_at=at, lift_asked_by=by.model_dump_json())
        )
        found = await connection.execute(select(quarantines).where(_Q.id == known.id))
        return _read(found.mappings().one())


async def lift(db: Database, known: Quarantine, by: Actor, at: datetime) -> Quarantine | None:
    """End it, if somebody else has asked for that as it is ``known``; None if not."""
    asked = known.lift_asked_by
    if asked is None or asked.person == by.person:
        return None
    async with db.write() as connection:
        ended = await connection.execute(
            update(quarantines)
            .where(
                _Q.id == known.id,
                _Q.ended_at.is_(None),
                _Q.lift_asked_by == asked.model_dump_json(),
            )
            .values(ended_at=at, ended_by=by.model_dump_json(), untold=True)
            .returning(*_Q)
        )
        found = ended.mappings().first()
    return None if found is None else _read(found)


async def in_force(db: Database, channel: str) -> Quarantine | None:
    """The quarantine of a channel, if it is in one."""
    return (await all_in_force(db)).get(channel)


async def all_in_force(db: Database) -> dict[str, Quarantine]:
    """Every quarantine in force, by its channel."""
    query = select(quarantines).where(_Q.ended_at.is_(None)).order_by(_Q.channel)
    async with db.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return {row["channel"]: _read(row) for row in rows}


async def since(db: Database, at: datetime) -> list[Quarantine]:
    """The quarantines that were in force at that time or later, in order."""
    query = (
        select(quarantines)
        .where(or_(_Q.ended_at.is_(None), _Q.ended_at >= at))
        .order_by(_Q.at, _Q.id)
    )
    async with db.read() as connection:
        return [_read(row) for row in (await connection.execute(query)).mappings()]


async def said_since(db: Database, channel: str, person: str, at: datetime) -> Quarantine | None:
    """The quarantine of which that person has said since then that the channel is ours again."""
    query = (
        select(quarantines)
        .where(_Q.channel == channel, or_(_Q.lift_asked_at >= at, _Q.ended_at >= at))
        .order_by(_Q.at.desc())
    )
    async with db.read() as connection:
        found = [_read(row) for row in (await connection.execute(query)).mappings()]
    for one in found:
        ended, asked = one.ended_by, one.lift_asked_by
        if person in {by.person for by in (ended, asked) if by is not None}:
            return one
    return None


async def untold(db: Database) -> list[Quarantine]:
    """The quarantines of which open incidents may not have heard, or not of their end."""
    query = select(quarantines).where(_Q.untold).order_by(_Q.at, _Q.id)
    async with db.read() as connection:
        return [_read(row) for row in (await connection.execute(query)).mappings()]


async def told(db: Database, known: Quarantine) -> None:
    """Enter that every open incident has heard of it as it is ``known``."""
    same_end = _Q.ended_at.is_(None) if known.in_force else _Q.ended_at.is_not(None)
    async with db.write() as connection:
        await connection.execute(
            update(quarantines).where(_Q.id == known.id, same_end).values(untold=False)
        )


def _read(row: Mapping[Any, Any]) -> Quarantine:
    return Quarantine(
        id=row["id"],
        channel=row["channel"],
        at=row["at"],
        by=Actor.model_validate_json(row["by"]),
        reason=row["reason"],
        lift_asked_at=row["lift_asked_at"],
        lift_asked_by=_actor(row["lift_asked_by"]),
        ended_at=row["ended_at"],
        ended_by=_actor(row["ended_by"]),
    )


def _actor(stored: str) -> Actor | None:
    return Actor.model_validate_json(stored) if stored else None
