"""The rules by which mentions get their priority: those of the incident that was opened last."""

from __future__ import annotations

import orjson
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.priorities import MentionsPlan, PriorityRules
from store.tables import incident_snapshots, incidents


async def priority_rules(connection: AsyncConnection) -> PriorityRules:
    """The rules of the open incident that was opened last, or of the last one; none without one.

    Rules that this version cannot read are none: a mention must be entered, whatever they say.
    """
    plan = await connection.scalar(
        select(incident_snapshots.c.plan)
        .join(incidents, incidents.c.slug == incident_snapshots.c.incident)
        .order_by(incidents.c.closed_at.is_not(None), incidents.c.opened_at.desc())
        .limit(1)
    )
    if plan is None:
        return PriorityRules()
    try:
        said = orjson.loads(plan).get("mentions") or {}
        return PriorityRules(rules=MentionsPlan.model_validate(said).priority)
    except (ValidationError, ValueError, AttributeError):
        return PriorityRules()
