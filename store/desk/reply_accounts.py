"""How much an account may still publish, counted from what it published, and whether it may now.

Whatever the ledger has as begun on a channel counts, replies and announcements alike, so nothing
has to be kept in step. Announcements wait for nobody; replies leave some of each limit to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, RowMapping, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState
from domain.replies import AccountLimit, for_replies
from store.kernel.columns import Moment
from store.kernel.database import Database, upsert
from store.kernel.transitions import read_explanation, stored
from store.tables import publications, replies, reply_accounts


class Room(Value):
    """How many replies may be sent now; with none, ``again_at`` is when the next one may be."""

    now: int
    again_at: datetime | None = None


class AccountRow(Value):
    """Why nothing is sent on a channel before ``again_at``; ``failures`` in a row led to it.

    ``limit``: the provider named the time.
    """

    channel: str
    again_at: datetime | None = None
    failures: int = 0
    limit: bool = False
    explanation: Explanation | None = None


async def room(
    db: Database, channel: str, limits: Sequence[AccountLimit], most: int, at: datetime
) -> Room:
    """How many replies, up to ``most``, the account's ``limits`` let out ``at`` that time."""
    free, again_at = most, None
    async with db.read() as connection:
        for limit in limits:
            since, usable = at - limit.window, for_replies(limit)
            used = await used_since(connection, channel, since)
            free = min(free, usable - used)
            if used >= usable:
                frees = await _start(connection, channel, since, used - usable)
                until = (frees or at) + limit.window
                again_at = until if again_at is None else max(again_at, until)
    return Room(now=max(free, 0), again_at=again_at)


async def used(db: Database, channel: str, window: timedelta, at: datetime) -> int:
    """How much of a limit is used: what was begun on a channel within ``window`` before ``at``."""
    async with db.read() as connection:
        return await used_since(connection, channel, at - window)


async def used_since(connection: AsyncConnection, channel: str, since: datetime) -> int:
    """How many publications of a channel began after ``since``."""
    begun = _begun(channel, since).subquery()
    return await connection.scalar(select(func.count()).select_from(begun)) or 0


async def account(db: Database, channel: str) -> AccountRow:
    """Whether and why an account waits."""
    async with db.read() as connection:
        query = select(reply_accounts).where(reply_accounts.c.channel == channel)
        row = (await connection.execute(query)).first()
    if row is None:
        return AccountRow(channel=channel)
    return _read(row._mapping)


async def accounts(db: Database) -> list[AccountRow]:
    """Every account that has had to wait, by channel."""
    async with db.read() as connection:
        rows = await connection.execute(select(reply_accounts).order_by(reply_accounts.c.channel))
        return [_read(row._mapping) for row in rows]


async def wait(db: Database, waiting: AccountRow, at: datetime) -> None:
    """Send nothing on a channel for a time; without ``again_at``, send again."""
    values = {
        "again_at": waiting.again_at,
        "failures": waiting.failures,
        "limited": waiting.limit,
        "explanation": stored(waiting.explanation),
        "updated_at": at,
    }
    entering = upsert(db.dialect, reply_accounts).values(channel=waiting.channel, **values)
    async with db.write() as connection:
        await connection.execute(
            entering.on_conflict_do_update(index_elements=["channel"], set_=values)
        )


async def went_well(db: Database, channel: str, at: datetime) -> None:
    """Forget why an account had to wait."""
    await wait(db, AccountRow(channel=channel), at)


async def _start(
    connection: AsyncConnection, channel: str, since: datetime, skip: int
) -> datetime | None:
    """When the publication began that has to leave the window before the next reply."""
    begun = _begun(channel, since).subquery()
    query = select(begun.c.started_at).order_by(begun.c.started_at).offset(skip).limit(1)
    return await connection.scalar(query)


def _begun(channel: str, since: datetime) -> CompoundSelect[Any]:
    after = literal(since, Moment())
    ours = select(replies.c.started_at).where(
        replies.c.channel == channel,
        replies.c.started_at > after,
        # What certainly took nothing has used nothing.
        replies.c.state != PublicationState.PLANNED.value,
    )
    posts = select(publications.c.started_at).where(
        publications.c.channel == channel, publications.c.started_at > after
    )
    return union_all(ours, posts)


def _read(row: RowMapping) -> AccountRow:
    return AccountRow(
        channel=row["channel"],
        again_at=row["again_at"],
        failures=row["failures"],
        limit=row["limited"],
        explanation=read_explanation(row["explanation"]),
    )
