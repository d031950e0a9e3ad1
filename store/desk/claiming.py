"""Claiming mentions: a lease that one person has at a time, and the draft of a reply.

Each change is one statement that says on whom it depends, so of those who try at once one gets it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, or_, update

from domain.claims import LEASE
from domain.mentions import MentionState
from store.kernel.database import Database
from store.tables import mentions

_M = mentions.c

NOBODY: dict[str, object] = {"claimed_by": "", "claimed_at": None, "claimed_until": None}
"""The values of a mention that nobody has claimed."""


def free_for(person: str, at: datetime) -> ColumnElement[bool]:
    """Whether nobody else holds a mention ``at`` that time."""
    return or_(_M.claimed_by.in_(["", person]), _M.claimed_until <= at)


async def claim(
    db: Database, number: int, person: str, at: datetime, draft: str | None = None
) -> bool:
    """Have an open mention for ``LEASE`` from ``at`` on, and keep a draft; whether they have it.

    Whoever has it already renews it.
    """
    theirs = and_(_M.claimed_by == person, _M.claimed_until > at)
    values: dict[str, object] = {
        "claimed_by": person,
        "claimed_at": case((theirs, _M.claimed_at), else_=at),
        "claimed_until": at + LEASE,
    }
    if draft is not None:
        values |= {"draft": draft, "drafted_by": person, "drafted_at": at}
    open_ = _M.state == MentionState.OPEN.value
    async with db.write() as connection:
        claimed = await connection.execute(
            update(mentions).where(_M.id == number, open_, free_for(person, at)).values(values)
        )
        return bool(claimed.rowcount)


async def release(db: Database, number: int, person: str) -> bool:
    """Give up a claim, which leaves the draft; whether it was theirs."""
    async with db.write() as connection:
        released = await connection.execute(
            update(mentions).where(_M.id == number, _M.claimed_by == person).values(NOBODY)
        )
        return bool(released.rowcount)


async def hand_over(db: Database, person: str, to: str, at: datetime) -> int:
    """Have all open mentions that ``person`` claimed last be claimed by ``to``; how many."""
    values = {"claimed_by": to, "claimed_at": at, "claimed_until": at + LEASE}
    open_ = _M.state == MentionState.OPEN.value
    async with db.write(many_rows=True) as connection:
        moved = await connection.execute(
            update(mentions).where(_M.claimed_by == person, open_).values(values)
        )
        return moved.rowcount
