"""The plan that the status page goes by: that of the incident that was opened last."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.playbook import Playbook
from domain.times import UtcTime
from store.tables import incident_snapshots, incidents


class NewestPlan(NamedTuple):
    """A plan, and when its incident was opened."""

    plan: Playbook
    opened_at: UtcTime


async def newest_plan(connection: AsyncConnection) -> NewestPlan | None:
    """The plan of the incident that was opened last; None before there is one.

    Raises ``pydantic.ValidationError`` if this version of the program cannot read it.
    """
    query = (
        select(incident_snapshots.c.plan, incidents.c.opened_at)
        .join(incidents, incidents.c.slug == incident_snapshots.c.incident)
        .order_by(incidents.c.opened_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    return (
        None if row is None else NewestPlan(Playbook.model_validate_json(row.plan), row.opened_at)
    )
