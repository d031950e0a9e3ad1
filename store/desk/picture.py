"""Reads what came and what ended by ten minutes, and what the days before were like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Text, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.desk_picture import (
    AGES,
    DAYS,
    LONGEST,
    OLDER,
    Age,
    DeskPicture,
    slots_of,
    span_of,
)
from domain.mentions import DismissalReason, MentionState
from store.kernel.database import Database
from store.tables import mentions

_M = mentions.c
_ENDED = (MentionState.ANSWERED.value, MentionState.DISMISSED.value)
_BY_PEOPLE = _M.reason != DismissalReason.AUTOMATIC.value
_TEN_MINUTES, _HOUR = len("2026-11-28 14:0"), len("2026-11-28 14")
_SLOTS_AN_HOUR = 6

Conditions = list[ColumnElement[bool]]


async def read_picture(db: Database, incident: str, now: datetime) -> DeskPicture:
    """The picture at that moment: of an incident's mentions, or of all.

    The normal day is that of all mentions, since other days have no incident.
    """
    of = [_BY_PEOPLE, *([_M.incident == incident] if incident else [])]
    ended = [*of, _M.state.in_(_ENDED)]
    async with db.read() as connection:
        begin, until = span_of(*await _bounds(connection, of, ended, now), now)
        days, normal = await _normal(connection, begin)
        arrived = await _counted(connection, _M.written_at, _TEN_MINUTES, begin, until, of)
        closed = await _counted(connection, _M.closed_at, _TEN_MINUTES, begin, until, ended)
        return DeskPicture(
            at=now,
            until=until,
            slots=slots_of(begin, until, arrived, closed, normal),
            ages=await _ages(connection, of, now),
            days=days,
        )


async def _bounds(
    connection: AsyncConnection, of: Conditions, ended: Conditions, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When the first thing of the last stretch happened, and the last thing."""
    said = await connection.scalar(select(func.max(_M.written_at)).where(*of))
    closed = await connection.scalar(select(func.max(_M.closed_at)).where(*ended))
    last = max((one for one in (said, closed) if one is not None), default=None)
    since = (last or now) - LONGEST
    first = await connection.scalar(
        select(func.min(_M.written_at)).where(_M.written_at > since, *of)
    )
    return first, last


async def _normal(
    connection: AsyncConnection, begin: datetime
) -> tuple[int, Mapping[int, float] | None]:
    """How many days there are before ``begin``, and what ten minutes of each hour have on them."""
    since = begin - timedelta(days=DAYS)
    first = await connection.scalar(
        select(func.min(_M.written_at)).where(_M.written_at >= since, _BY_PEOPLE)
    )
    days = (begin - first) // timedelta(days=1) if first is not None and first < begin else 0
    days = min(days, DAYS)
    if not days:
        return 0, None
    from_ = begin - timedelta(days=days)
    found = await _counted(connection, _M.written_at, _HOUR, from_, begin, [_BY_PEOPLE])
    hours = Counter[int]()
    for at, count in found.items():
        hours[at.hour] += count
    return days, {hour: count / days / _SLOTS_AN_HOUR for hour, count in hours.items()}


async def _counted(
    connection: AsyncConnection,
    moment: ColumnElement[datetime],
    digits: int,
    begin: datetime,
    until: datetime,
    conditions: Conditions,
) -> dict[datetime, int]:
    """How many had their ``moment`` in each stretch of time, which is so many digits of it.

    Both databases spell a moment alike, in UTC, as far as its minutes.
    """
    stretch = func.substr(cast(moment, Text), 1, digits).label("stretch")
    query = (
        select(stretch, func.count())
        .where(moment >= begin, moment < until, *conditions)
        .group_by("stretch")
    )
    return {_read(text): count for text, count in await connection.execute(query)}


def _read(text: str) -> datetime:
    whole = text + ("0" if len(text) == _TEN_MINUTES else ":00")
    return datetime.strptime(whole, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


async def _ages(connection: AsyncConnection, of: Conditions, now: datetime) -> tuple[Age, ...]:
    place = case(
        *((_M.written_at > now - bound, words) for words, bound in AGES), else_=OLDER
    ).label("age")
    query = (
        select(place, func.count().label("open"))
        .where(_M.state == MentionState.OPEN.value, *of)
        .group_by("age")
    )
    rows = await connection.execute(query)
    found = {row.age: row.open for row in rows}
    return tuple(
        Age(words=words, open=found.get(words, 0)) for words in (*(one for one, _ in AGES), OLDER)
    )
