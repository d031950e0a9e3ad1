"""Who answers where, by the plan of the incident that was opened last."""

from __future__ import annotations

import orjson
from pydantic import ValidationError
from sqlalchemy import select

from domain.desk_shifts import DeskPlan
from store.kernel.database import Database
from store.tables import incident_snapshots, incidents


async def kept_desk_plan(db: Database) -> DeskPlan | None:
    """The plan of the open incident that was opened last; None without an open one.

    One that this version cannot read is none.
    """
    query = (
        select(incident_snapshots.c.plan)
        .join(incidents, incidents.c.slug == incident_snapshots.c.incident)
        .where(incidents.c.closed_at.is_(None))
        .order_by(incidents.c.opened_at.desc())
        .limit(1)
    )
    async with db.read() as connection:
        plan = await connection.scalar(query)
    if plan is None:
        return None
    try:
        return DeskPlan.model_validate(orjson.loads(plan).get("desk") or {})
    except (ValidationError, ValueError, AttributeError):
        return None
