"""Of which codes the shop was told, so that it takes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update

from domain.offer import OfferTerms
from store.kernel.database import Database
from store.offers.code_rows import CodeRow, overlapping
from store.offers.offers import ensure_offer
from store.tables import codes


async def not_entered(
    db: Database, incident: str, recipients: Sequence[int], terms: OfferTerms
) -> set[int]:
    """Which of these recipients' codes the shop may not have been told of yet."""

    def look(connection: Connection) -> list[CodeRow]:
        offer = ensure_offer(connection, db.dialect, incident, terms)
        return overlapping(connection, offer, sorted(recipients))

    rows = await db.write_with(look)
    entered = {one for row in rows if row.entered for one in row.members}
    return set(recipients) - entered


async def mark_entered(
    db: Database, incident: str, recipients: Sequence[int], terms: OfferTerms, at: datetime
) -> None:
    """Note that the shop was told of all these codes; a row counts once it has been told of all."""
    known = set(recipients)

    def enter(connection: Connection) -> None:
        offer = ensure_offer(connection, db.dialect, incident, terms)
        for row in overlapping(connection, offer, sorted(recipients)):
            if not row.entered and known.issuperset(row.members):
                connection.execute(
                    update(codes)
                    .where(codes.c.offer_id == offer.id, codes.c.first == row.first)
                    .values(entered_at=at)
                )

    await db.write_with(enter)
