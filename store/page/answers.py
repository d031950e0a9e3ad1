"""How many of the messages from people were answered, for incidents whose page says so."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mentions import DismissalReason, MentionState
from domain.status_page import PageAnswers
from store.desk.private import NOT_PRIVATE
from store.tables import incident_snapshots, mentions

_M = mentions.c
_ANSWERED: ColumnElement[bool] = or_(
    _M.state == MentionState.ANSWERED.value,
    and_(
        _M.state == MentionState.DISMISSED.value,
        _M.reason == DismissalReason.ANSWERED_ELSEWHERE.value,
    ),
)


async def read_answers(connection: AsyncConnection) -> Mapping[str, PageAnswers]:
    """The counts by incident, where its plan wants them shown and somebody has written.

    What was dismissed without an answer is in neither number: to the public, nobody answered it.
    Nor is a private message, of which nobody can see whether it was.
    """
    wanted = await _wanted(connection)
    if not wanted:
        return {}
    answered = func.sum(case((_ANSWERED, 1), else_=0))
    query = (
        select(_M.incident, answered, func.count())
        .where(
            _M.incident.in_(wanted),
            NOT_PRIVATE,
            or_(_ANSWERED, _M.state == MentionState.OPEN.value),
        )
        .group_by(_M.incident)
    )
    rows = await connection.execute(query)
    return {incident: PageAnswers(answered=done, of=count) for incident, done, count in rows}


async def _wanted(connection: AsyncConnection) -> list[str]:
    """The incidents whose plan wants it; of the plan nothing else is read, whatever version."""
    query = select(incident_snapshots.c.incident, incident_snapshots.c.plan).where(
        incident_snapshots.c.plan.like('%"answered":true%')
    )
    found = await connection.execute(query)
    return [
        incident for incident, plan in found if (json.loads(plan).get("page") or {}).get("answered")
    ]
