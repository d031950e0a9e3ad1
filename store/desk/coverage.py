"""How much of what people said has an end, and how fast, by channel and by agent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.coverage import (
    HOUR,
    TEN_MINUTES,
    AgentCoverage,
    ChannelCoverage,
    CoverageReport,
    Lately,
)
from domain.mentions import DismissalReason, MentionState
from store.kernel.database import Database
from store.tables import mentions

_M = mentions.c
_ENDED = (MentionState.ANSWERED.value, MentionState.DISMISSED.value)

Rates = dict[str, Lately]


async def read_coverage(db: Database, incident: str, now: datetime) -> CoverageReport:
    """The coverage at that moment: of an incident, or of all. Deleted mentions are left out."""
    of = [_M.incident == incident] if incident else []
    by_people = [*of, _M.reason != DismissalReason.AUTOMATIC.value]
    ended = [*by_people, _M.state.in_(_ENDED)]
    async with db.read() as connection:
        arrived = await _lately(connection, _M.channel, _M.written_at, now, by_people)
        closed = await _lately(connection, _M.channel, _M.closed_at, now, ended)
        by_agent = await _lately(connection, _M.closed_by, _M.closed_at, now, ended)
        return CoverageReport(
            at=now,
            channels=await _channels(connection, of, arrived, closed),
            agents=await _agents(connection, of, by_agent),
        )


async def _channels(
    connection: AsyncConnection, of: list[ColumnElement[bool]], arrived: Rates, closed: Rates
) -> tuple[ChannelCoverage, ...]:
    query = (
        select(_M.channel, _M.state, func.count(), func.min(_M.written_at))
        .where(_M.state != MentionState.DELETED.value, *of)
        .group_by(_M.channel, _M.state)
    )
    found: dict[str, dict[str, object]] = {}
    for channel, state, count, oldest in await connection.execute(query):
        told = found.setdefault(channel, {})
        told[state] = count
        if state == MentionState.OPEN.value:
            told["oldest_open"] = oldest
    return tuple(
        ChannelCoverage.model_validate(
            {
                **told,
                "channel": channel,
                "arrived": arrived.get(channel, Lately()),
                "closed": closed.get(channel, Lately()),
            }
        )
        for channel, told in sorted(found.items())
    )


async def _agents(
    connection: AsyncConnection, of: list[ColumnElement[bool]], closed: Rates
) -> tuple[AgentCoverage, ...]:
    """Whoever answered most comes first. A reply's receipt closes its mention in their name."""
    query = (
        select(_M.closed_by, _M.state, func.count())
        .where(_M.state.in_(_ENDED), *of)
        .group_by(_M.closed_by, _M.state)
    )
    found: dict[str, dict[str, object]] = {}
    for agent, state, count in await connection.execute(query):
        found.setdefault(agent, {})[state] = count
    agents = [
        AgentCoverage.model_validate(
            {**told, "agent": agent, "closed": closed.get(agent, Lately())}
        )
        for agent, told in found.items()
    ]
    return tuple(sorted(agents, key=lambda one: (-one.answered, -one.dismissed, one.agent)))


async def _lately(
    connection: AsyncConnection,
    group: ColumnElement[str],
    moment: ColumnElement[datetime],
    now: datetime,
    conditions: list[ColumnElement[bool]],
) -> Rates:
    """How many had their ``moment`` in the last hour and ten minutes, in each group."""
    newer = func.sum(case((moment > now - TEN_MINUTES, 1), else_=0))
    query = (
        select(group, func.count(), newer).where(moment > now - HOUR, *conditions).group_by(group)
    )
    rows = await connection.execute(query)
    return {name: Lately(hour=hour, ten_minutes=ten) for name, hour, ten in rows}
