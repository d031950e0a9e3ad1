"""On-call calendars as they were last read. A failing attempt leaves the last good reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update

from domain.calendar import CalendarEvent, KeptCalendar, calendar_key
from domain.people import People
from store.kernel.database import Database
from store.tables import calendars

_EVENTS = TypeAdapter(tuple[CalendarEvent, ...])


async def load(db: Database, keys: Sequence[str]) -> dict[str, KeptCalendar]:
    """What is kept of some calendars, by key; those that were never tried are missing."""
    if not keys:
        return {}
    query = select(calendars).where(calendars.c.key.in_(keys))
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
    return {
        row.key: KeptCalendar(
            schedule=row.schedule,
            events=_EVENTS.validate_json(row.events),
            read_at=row.read_at,
            tried_at=row.tried_at,
            problem=row.problem,
            next_step=row.next_step,
        )
        for row in rows
    }


async def of_people(db: Database, people: People) -> dict[str, KeptCalendar]:
    """What is kept of the calendars that schedules have, by the schedule's name."""
    keys = {
        calendar_key(name, one): name
        for name, one in people.on_call.items()
        if one.ical is not None
    }
    return {keys[key]: one for key, one in (await load(db, sorted(keys))).items()}


async def take(db: Database, key: str, schedule: str, before: datetime, now: datetime) -> bool:
    """Whether whoever asks is to read a calendar now: the last attempt was ``before``, or none.

    Of several workers one gets it.
    """
    row = {"key": key, "schedule": schedule, "tried_at": now}
    async with db.write() as connection:
        entered = await connection.execute(db.insert_or_ignore(calendars).values(row))
        if entered.rowcount == 1:
            return True
        taken = await connection.execute(
            update(calendars)
            .where(calendars.c.key == key, calendars.c.tried_at <= before)
            .values(tried_at=now)
        )
    return taken.rowcount == 1


async def keep(db: Database, key: str, events: Sequence[CalendarEvent], read_at: datetime) -> None:
    """Keep a good reading, in place of the one before."""
    text = json.dumps([one.model_dump(mode="json") for one in events])
    good = {"events": text, "read_at": read_at, "problem": "", "next_step": ""}
    async with db.write() as connection:
        await connection.execute(update(calendars).where(calendars.c.key == key).values(good))


async def note_problem(db: Database, key: str, problem: str, next_step: str) -> None:
    """Note why it could not be read; what was read before stays."""
    said = {"problem": problem, "next_step": next_step}
    async with db.write() as connection:
        await connection.execute(update(calendars).where(calendars.c.key == key).values(said))


async def forget_others(db: Database, keys: Sequence[str], before: datetime) -> None:
    """Forget the calendars that no schedule has, and that were not tried since ``before``."""
    old = delete(calendars).where(calendars.c.tried_at < before)
    async with db.write() as connection:
        await connection.execute(old.where(calendars.c.key.not_in(keys)) if keys else old)
