"""Whether it means anything that no event of a batch has come.

Silence about one batch means that the provider never had it, if events of others were coming
meanwhile. It means nothing while the webhook receiver is down. Batches that the provider is known
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
    has_event: list[bool]

    def events_came_since(self, moment: datetime) -> bool:
        """Whether events came from ``moment`` on, judged by batches accepted since then.

        If there are none, the last one before decides. Without any control batch the answer is
        yes: the provider was down, and the receiver may well have been up.
        """
        later = bisect_left(self.accepted_at, moment)
        return any(self.has_event[later:] or self.has_event[later - 1 :] or [True])


async def control_batches(
    connection: AsyncConnection, broadcast_id: int, since: datetime, until: datetime
) -> ControlBatches:
    """The batches of all broadcasts on the same channel, accepted from ``since`` to ``until``.

    The last one before is included. ``until`` leaves time for their events to arrive.
    """
    channel = select(broadcasts.c.channel).where(broadcasts.c.id == broadcast_id).scalar_subquery()
    accepted = (
        select(batches.c.accepted_at, batches.c.proven_at.is_not(None).label("has_event"))
        .join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
        .where(broadcasts.c.channel == channel)
    )
    before = accepted.where(batches.c.accepted_at < since)
    meanwhile = accepted.where(batches.c.accepted_at.between(since, until))
    rows = [
        *await connection.execute(before.order_by(batches.c.accepted_at.desc()).limit(1)),
        *await connection.execute(meanwhile.order_by(batches.c.accepted_at)),
    ]
    return ControlBatches([row.accepted_at for row in rows], [bool(row.has_event) for row in rows])
