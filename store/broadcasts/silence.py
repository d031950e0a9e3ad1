"""Whether it says anything that no event of a batch has come.

Silence about one batch means that the provider never had it, if events of others were coming
meanwhile. It means nothing while the webhook receiver is away. Batches that the provider is known
to have accepted are the control batches: if none of them has an event either, the event feed was
down and silence proves nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Action, Explanation, NextStep
from store.tables import batches, broadcasts

_NO_EVENTS = (
    "Mail that was accepted meanwhile has no event either: the event feed was down, so that "
    "silence proves nothing. It may have gone out, and was not sent again."
)
_LISTEN = NextStep(
    action=Action.LIST_UNKNOWN,
    advice="Start the webhook receiver, or check the webhook at the provider. Then look for the "
    "batch in the provider's activity, and settle it.",
)
OF_BATCH = Explanation(
    what="No answer came, and no event of it.", means=_NO_EVENTS, next_step=_LISTEN
)
"""Why a batch whose window has closed was not sent again."""

OF_BROADCAST = Explanation(
    what="Some batches got no answer, and no event.", means=_NO_EVENTS, next_step=_LISTEN
)
"""The same of a whole broadcast."""


class ControlBatches(NamedTuple):
    """Batches that were accepted, in the order of that: when, and whether an event has come."""

    accepted_at: list[datetime]
    heard: list[bool]

    def listened_since(self, moment: datetime) -> bool:
        """Whether events came from ``moment`` on, by what is known of batches accepted then.

        If none was, the last one before decides. Nothing speaks against it where there is no
        control batch at all: the provider was away, and the receiver may well have been there.
        """
        later = bisect_left(self.accepted_at, moment)
        return any(self.heard[later:] or self.heard[later - 1 :] or [True])


async def control_batches(
    connection: AsyncConnection, broadcast_id: int, since: datetime, until: datetime
) -> ControlBatches:
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
    return ControlBatches([row.accepted_at for row in rows], [bool(row.heard) for row in rows])
