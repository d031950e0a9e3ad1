"""How much there is to answer here, which private messages are not: by channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from domain.mentions import DismissalReason, MentionState
from store.desk.private import NOT_PRIVATE
from store.kernel.database import Database
from store.tables import mentions

_M = mentions.c


async def open_by_channel(db: Database, incident: str = "") -> dict[str, int]:
    """How many mentions are open on each channel: of an incident, or of all."""
    conditions = [_M.state == MentionState.OPEN.value]
    if incident:
        conditions.append(_M.incident == incident)
    return await _by_channel(db, *conditions)


async def arrived_since(db: Database, since: datetime, incident: str = "") -> dict[str, int]:
    """How many came since then on each channel, without what machines wrote."""
    conditions = [_M.arrived_at > since, _M.reason != DismissalReason.AUTOMATIC.value]
    if incident:
        conditions.append(_M.incident == incident)
    return await _by_channel(db, *conditions)


async def _by_channel(db: Database, *conditions: ColumnElement[bool]) -> dict[str, int]:
    query = select(_M.channel, func.count()).where(NOT_PRIVATE, *conditions).group_by(_M.channel)
    async with db.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(query)}
