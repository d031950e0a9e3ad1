"""The last state of each incident, from which it can be started again if Temporal is lost.

Written by the incident itself, with each entry of its timeline. Contains no address and no body.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, update

from domain.model import Value
from store.kernel.database import Database, insert_or_ignore
from store.tables import incident_snapshots


class Snapshot(Value):
    """An incident's plan, and its state when its timeline had so many ``entries``.

    ``state`` is "" if it was never written; both are JSON.
    """

    incident: str
    entries: int
    taken_at: datetime
    plan: str
    state: str


async def keep_plan(db: Database, incident: str, plan: str) -> None:
    """Keep the plan of an incident; the first stays."""
    row = {"incident": incident, "plan": plan, "taken_at": datetime.now(UTC)}
    async with db.write() as connection:
        await connection.execute(insert_or_ignore(db.dialect, incident_snapshots).values(row))


async def keep_state(db: Database, incident: str, entries: int, state: str) -> None:
    """Keep an incident's state, unless a later one is there."""
    async with db.write() as connection:
        await connection.execute(
            update(incident_snapshots)
            .where(
                incident_snapshots.c.incident == incident,
                incident_snapshots.c.entries <= entries,
            )
            .values(entries=entries, state=state, taken_at=datetime.now(UTC))
        )


async def load(db: Database, incident: str) -> Snapshot | None:
    """What is kept of an incident, if anything."""
    query = select(incident_snapshots).where(incident_snapshots.c.incident == incident)
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else Snapshot.model_validate(dict(row._mapping))
