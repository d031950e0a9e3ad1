"""How each channel has been doing, by the ledger: what it took last, and what hangs on it now.

Of mail only the newest broadcast of a channel and those under way are read: a home page asks this
every few seconds, and a ledger has millions of batches.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, and_, case, func, or_, select

from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState
from store.kernel.database import Database
from store.kernel.transitions import read_explanation
from store.tables import batches, broadcasts, incidents, publications

_S = PublicationState
_MOST_BROADCASTS = 20


class ChannelRecord(Value):
    """One channel: requests, each a post or a batch. ``why`` is of one that waits.

    ``waiting``: tried, and not taken. ``uncertain``: may have gone out, and nobody knows.
    """

    channel: str
    last_success: datetime | None = None
    on_the_wire: int = 0
    waiting: int = 0
    uncertain: int = 0
    refused: int = 0
    why: Explanation | None = None

    def __add__(self, other: ChannelRecord) -> ChannelRecord:
        times = [one for one in (self.last_success, other.last_success) if one is not None]
        return ChannelRecord(
            channel=self.channel,
            last_success=max(times, default=None),
            on_the_wire=self.on_the_wire + other.on_the_wire,
            waiting=self.waiting + other.waiting,
            uncertain=self.uncertain + other.uncertain,
            refused=self.refused + other.refused,
            why=self.why or other.why,
        )


async def channel_records(db: Database) -> dict[str, ChannelRecord]:
    """Every channel that the ledger knows, by name; what waits is counted in open incidents."""
    found: dict[str, ChannelRecord] = {}
    async with db.read() as connection:
        rows = [*(await connection.execute(_posts())).mappings()]
        chosen = [*(await connection.scalars(_newest())), *(await connection.scalars(_going()))]
        rows += (await connection.execute(_mails(chosen))).mappings()
    for row in rows:
        why = read_explanation(row["why"] or "")
        one = ChannelRecord.model_validate({**row, "why": why})
        found[one.channel] = found.get(one.channel, ChannelRecord(channel=one.channel)) + one
    return found


def _posts() -> Select[*tuple[Any, ...]]:
    post = publications.c
    is_open = incidents.c.closed_at.is_(None)
    tried = and_(
        is_open, post.state == _S.PLANNED, post.started_at.is_not(None), post.explanation != ""
    )
    uncertain = and_(is_open, or_(post.state == _S.UNKNOWN, post.uncertain_since.is_not(None)))
    return (
        select(
            post.channel,
            func.max(post.receipt_at).label("last_success"),
            _many(and_(is_open, post.state == _S.SENDING)).label("on_the_wire"),
            _many(tried).label("waiting"),
            _many(uncertain).label("uncertain"),
            _many(and_(is_open, post.state == _S.REFUSED)).label("refused"),
            func.max(case((tried, post.explanation))).label("why"),
        )
        .join(incidents, incidents.c.slug == post.incident, isouter=True)
        .group_by(post.channel)
    )


def _newest() -> Select[int]:
    return select(func.max(broadcasts.c.id)).group_by(broadcasts.c.channel)


def _going() -> Select[int]:
    return (
        select(broadcasts.c.id)
        .where(broadcasts.c.outcome == "")
        .order_by(broadcasts.c.id.desc())
        .limit(_MOST_BROADCASTS)
    )


def _mails(chosen: list[int]) -> Select[*tuple[Any, ...]]:
    batch = batches.c
    going = broadcasts.c.outcome == ""
    tried = and_(
        going, batch.state == _S.PLANNED, batch.started_at.is_not(None), batch.explanation != ""
    )
    return (
        select(
            broadcasts.c.channel,
            func.max(batch.accepted_at).label("last_success"),
            _many(and_(going, batch.state == _S.SENDING)).label("on_the_wire"),
            _many(tried).label("waiting"),
            _many(batch.state == _S.UNKNOWN).label("uncertain"),
            _many(batch.state == _S.REFUSED).label("refused"),
            func.max(case((tried, batch.explanation))).label("why"),
        )
        .join(broadcasts, broadcasts.c.id == batch.broadcast_id)
        .where(batch.broadcast_id.in_(chosen))
        .group_by(broadcasts.c.channel)
    )


def _many(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0).cast(Integer)
