"""Whether it says anything that no event of a batch has come.

Silence about one batch means that the provider never had it, if events of others were coming
meanwhile. It means nothing while the webhook receiver is away. Batches that the provider is known
to have accepted are the witnesses: if none of them has an event either, we were deaf.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import batches, broadcasts

DEAF = (
    "No answer came, and no event of it. But mail that was accepted since has no event either, so "
    "that proves nothing: it may have gone out, and was not sent again."
)
ALL_DEAF = (
    "Mail that was accepted meanwhile has no event either, so that proves nothing: they may have "
    "gone out, and were not sent again."
)
"""The same of a whole broadcast, as its status says it."""

LISTEN = (
    "Start the webhook receiver, or check the webhook at the provider. Then look for the batch in "
    "the provider's activity, and settle it: went out, or did not."
)


class Witnesses(NamedTuple):
    """Batches that were accepted, in the order of that: when, and whether an event has come."""

    accepted_at: list[datetime]
    heard: list[bool]

    def listened_since(self, moment: datetime) -> bool:
        """Whether events came from ``moment`` on, by what is known of batches accepted then.

        If none was, the last one before decides. Nothing speaks against it where there is no
        witness at all: the provider was away, and the receiver may well have been there.
        """
        later = bisect_left(self.accepted_at, moment)
        return any(self.heard[later:] or self.heard[later - 1 :] or [True])


async def witnesses(
    connection: AsyncConnection, broadcast_id: int, since: datetime, until: datetime
) -> Witnesses:
    """The batches of all broadcasts on the same channel, accepted from ``since`` to ``until``.

    The last one before is among them too. ``until`` leaves their events the time to come.
    """
    channel = select(broadcasts.c.channel).where(broadcasts.c.id == broadcast_id).scalar_subquery()
    accepted = (
        select(batches.c.accepted_at, batches.c.proven_at.is_not(None).label("heard"))
        .join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
        .where(broadcasts.c.channel == channel)
    )
    before = accepted.where(batches.c.accepted_at < since)
    meanwhile = accepted.where(batches.c.accepted_at.between(since, until))
    rows = [
        *await connection.execute(before.order_by(batches.c.accepted_at.desc()).limit(1)),
        *await connection.execute(meanwhile.order_by(batches.c.accepted_at)),
    ]
    return Witnesses([row.accepted_at for row in rows], [bool(row.heard) for row in rows])
