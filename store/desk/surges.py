"""Surges: counting what is said now against the same hour of the days before, and keeping them.

One is current for each channel at most, so whoever computes it twice begins one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mentions import DismissalReason
from domain.model import Value
from domain.surge import DAYS, WINDOW, SurgeRule, Volume, begins, goes_on
from domain.times import UtcTime
from store.kernel.database import Database
from store.tables import incidents, mention_sources, mentions, surges

_HALF_AN_HOUR = timedelta(minutes=30)
_M = mentions.c
_S = surges.c


class Surge(Value):
    """A surge on a channel that goes on: ``most`` mentions in ten minutes so far.

    ``normal`` is the average of ``days`` days before, as of its beginning.
    """

    number: int
    channel: str
    most: int
    normal: float
    days: int
    begun_at: UtcTime
    counted_at: UtcTime
    dismissed_by: str = ""


async def compute(
    db: Database, channels: Collection[str], rule: SurgeRule, at: datetime
) -> list[Volume]:
    """Count what is said on each channel; begin, go on with and end its surge. The volumes.

    None begins or goes on while an incident is open: people are at it already. One on a channel
    that is not listened to any more ends.
    """
    async with db.write() as connection:
        opened = await connection.scalar(
            select(func.count()).select_from(incidents).where(incidents.c.closed_at.is_(None))
        )
        volumes = [await _volume(connection, one, at) for one in sorted(channels)]
        on: list[Volume] = [] if opened else [one for one in volumes if goes_on(one, rule)]
        ending = [_S.ended_at.is_(None), _S.channel.not_in([one.channel for one in on])]
        await connection.execute(update(surges).where(*ending).values(ended_at=at))
        for one in on:
            await _goes_on(connection, one, at)
            if begins(one, rule):
                row = {
                    "channel": one.channel,
                    "most": one.count,
                    "normal": one.normal,
                    "days": one.days,
                    "begun_at": at,
                    "counted_at": at,
                }
                await connection.execute(db.insert_or_ignore(surges).values(row))
    return volumes


async def current(db: Database) -> list[Surge]:
    """The surges that go on, by channel."""
    query = select(surges).where(_S.ended_at.is_(None)).order_by(_S.channel)
    async with db.read() as connection:
        return [
            Surge(
                number=row.id,
                channel=row.channel,
                most=row.most,
                normal=row.normal,
                days=row.days,
                begun_at=row.begun_at,
                counted_at=row.counted_at,
                dismissed_by=row.dismissed_by,
            )
            for row in await connection.execute(query)
        ]


async def dismiss(db: Database, number: int, by: str, at: datetime) -> bool:
    """Let nobody be told of a surge any more; false if it is over, or was dismissed before."""
    async with db.write() as connection:
        dismissed = await connection.execute(
            update(surges)
            .where(_S.id == number, _S.ended_at.is_(None), _S.dismissed_at.is_(None))
            .values(dismissed_by=by, dismissed_at=at)
        )
        return bool(dismissed.rowcount)


async def _goes_on(connection: AsyncConnection, volume: Volume, at: datetime) -> None:
    this = [_S.channel == volume.channel, _S.ended_at.is_(None)]
    await connection.execute(update(surges).where(*this).values(counted_at=at))
    more = update(surges).where(*this, _S.most < volume.count)
    await connection.execute(more.values(most=volume.count))


async def _volume(connection: AsyncConnection, channel: str, at: datetime) -> Volume:
    count = await _said(connection, channel, at - WINDOW, at)
    since = await connection.scalar(
        select(mention_sources.c.since).where(mention_sources.c.channel == channel)
    )
    before = 0
    days = 0
    for back in range(1, DAYS + 1):
        middle = at - timedelta(days=back)
        if since is None or middle - _HALF_AN_HOUR < since:
            break
        before += await _said(connection, channel, middle - _HALF_AN_HOUR, middle + _HALF_AN_HOUR)
        days += 1
    windows = days * (2 * _HALF_AN_HOUR / WINDOW)
    return Volume(
        channel=channel, count=count, normal=before / windows if windows else 0.0, days=days
    )


async def _said(connection: AsyncConnection, channel: str, since: datetime, until: datetime) -> int:
    """How much people wrote in a time, whenever it came: what machines wrote does not count."""
    query = (
        select(func.count())
        .select_from(mentions)
        .where(
            _M.channel == channel,
            _M.written_at > since,
            _M.written_at <= until,
            or_(_M.reason == "", _M.reason != DismissalReason.AUTOMATIC.value),
        )
    )
    return await connection.scalar(query) or 0
