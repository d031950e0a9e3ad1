"""Reading the ledger's deliveries in full, to hold them against a provider's own book."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy import select

from domain.ids import delivery_key
from domain.publication import DeliveryState
from store.database import Database
from store.deliveries import COUNTED
from store.tables import broadcasts, deliveries

_PAGE = 10_000
_WENT_OUT = [state for state in COUNTED if state != DeliveryState.REFUSED]


class AcceptedDelivery(NamedTuple):
    """One delivery that the provider accepted, under the mark that it was sent with."""

    key: str
    state: DeliveryState


async def accepted_deliveries(db: Database, incident: str) -> AsyncIterator[AcceptedDelivery]:
    """Every delivery of an incident that went out, by broadcast and position.

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
                        select(deliveries.c.position, deliveries.c.state)
                        .where(
                            deliveries.c.broadcast_id == broadcast_id,
                            deliveries.c.position > after,
                            deliveries.c.state.in_(_WENT_OUT),
                        )
                        .order_by(deliveries.c.position)
                        .limit(_PAGE)
                    )
                ).all()
            if not page:
                break
            after = page[-1].position
            for position, state in page:
                yield AcceptedDelivery(delivery_key(key, position), DeliveryState(state))
