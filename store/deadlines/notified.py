"""When authorities were notified, as people said it: rows that are added to and never changed."""

from __future__ import annotations

import uuid

from sqlalchemy import insert, select

from domain.deadlines import AuthorityNotified
from store.kernel.database import Database
from store.tables import authority_notifications


async def enter(db: Database, incident: str, said: AuthorityNotified) -> bool:
    """Enter what somebody said; false if it is what the newest row about that step says already."""
    row = {"id": uuid.uuid4().hex, "incident": incident, **said.model_dump()}
    async with db.write() as connection:
        newest = await connection.execute(
            select(authority_notifications.c.at, authority_notifications.c.reason)
            .where(
                authority_notifications.c.incident == incident,
                authority_notifications.c.step == said.step,
            )
            .order_by(authority_notifications.c.recorded_at.desc())
            .limit(1)
        )
        known = newest.first()
        if known is not None and (known.at, known.reason) == (said.at, said.reason):
            return False
        await connection.execute(insert(authority_notifications).values(row))
    return True


async def of_incident(db: Database, incident: str) -> list[AuthorityNotified]:
    """Everything that was said of an incident, oldest first."""
    query = (
        select(authority_notifications)
        .where(authority_notifications.c.incident == incident)
        .order_by(authority_notifications.c.recorded_at, authority_notifications.c.id)
    )
    async with db.read() as connection:
        rows = await connection.execute(query)
        return [AuthorityNotified.model_validate(dict(row._mapping)) for row in rows]
