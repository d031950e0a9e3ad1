"""Reading the ledger's deliveries in full, to compare them with a provider's own records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from domain.ids import delivery_key
from domain.publication import DeliveryState, PublicationState
from store.broadcasts.progress import WENT_OUT
from store.joins import WITH_DELIVERIES
from store.kernel.database import Database
from store.tables import batches, broadcasts, deliveries, recipients

_PAGE = 10_000
_WENT_OUT_AFTER = (
    select(recipients.c.id, deliveries.c.state)
    .select_from(WITH_DELIVERIES)
    .where(
        batches.c.broadcast_id == bindparam("b_broadcast"),
        batches.c.last > bindparam("b_after"),
        recipients.c.id > bindparam("b_after"),
        or_(
            deliveries.c.state.in_(WENT_OUT),
            and_(deliveries.c.state.is_(None), batches.c.state == PublicationState.ACCEPTED),
        ),
    )
    .order_by(batches.c.number, recipients.c.id)
    .limit(_PAGE)
)


class AcceptedDelivery(NamedTuple):
    """One delivery that the provider accepted, under the mark that it was sent with."""

    key: str
    state: DeliveryState


async def accepted_deliveries(db: Database, incident: str) -> AsyncIterator[AcceptedDelivery]:
    """Every delivery of an incident that went out, by broadcast and recipient.

    Read page by page, so that memory stays small at any number of recipients.
    """
    async with db.read() as connection:
        known = (
            await connection.execute(
                select(broadcasts.c.id, broadcasts.c.key)
                .where(broadcasts.c.incident == incident)
                .order_by(broadcasts.c.id)
            )
        ).all()
    for broadcast_id, key in known:
        after = 0
        while True:
            async with db.read() as connection:
                page = (
                    await connection.execute(
                        _WENT_OUT_AFTER, {"b_broadcast": broadcast_id, "b_after": after}
                    )
                ).all()
            if not page:
                break
            after = page[-1].id
            for recipient, state in page:
                yield AcceptedDelivery(
                    delivery_key(key, recipient),
                    DeliveryState.ACCEPTED if state is None else DeliveryState(state),
                )
