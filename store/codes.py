"""Codes: one for each recipient of an offer, derived, so that every attempt makes the same one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Insert, Integer, Text, bindparam, func, select

from domain.offer import OfferTerms, derive_code
from store.bulk import Bulk
from store.database import Database, DialectName, insert_or_ignore
from store.offers import ensure_offer
from store.tables import codes, offers

_PAGE = 5_000


class IssuedCode(NamedTuple):
    """One line of the list for the shop."""

    code: str
    worth: Decimal
    currency: str
    expires: date | None


async def ensure_codes(
    db: Database, secret: bytes, incident: str, recipients: Sequence[int], terms: OfferTerms
) -> dict[int, str]:
    """Issue a code to each recipient who has none, and return everybody's, by recipient id.

    ``secret`` is used and not kept. ``DomainError`` if this version of the offer is in the ledger
    with other terms.
    """
    issued = {
        recipient: derive_code(secret, incident, recipient, terms.version)
        for recipient in sorted(recipients)
    }
    bulk, insert = _insert(db.dialect)
    async with db.write() as connection:
        offer_id = await ensure_offer(db, connection, incident, terms)
        values = {**bulk.parameter(issued.items()), "b_offer": offer_id}
        await connection.execute(insert, values)
    return issued


@cache
def _insert(dialect: DialectName) -> tuple[Bulk, Insert]:
    bulk = Bulk(dialect, recipient_id=BigInteger(), code=Text())
    insert = insert_or_ignore(dialect, codes).from_select(
        ["offer_id", "recipient_id", "code"],
        bulk.select(bindparam("b_offer", type_=Integer), order_by="recipient_id"),
        include_defaults=False,
    )
    return bulk, insert


async def count(db: Database, incident: str) -> int:
    """How many codes an incident has issued."""
    async with db.read() as connection:
        found = await connection.scalar(
            select(func.count())
            .select_from(codes.join(offers))
            .where(offers.c.incident == incident)
        )
    return found or 0


async def export(db: Database, incident: str) -> AsyncIterator[IssuedCode]:
    """Every code of an incident with what it is worth, for the shop to load.

    Read page by page: memory stays small, and no long transaction holds up the writers.
    """
    async with db.read() as connection:
        made = (
            await connection.execute(
                select(offers.c.id, offers.c.terms)
                .where(offers.c.incident == incident)
                .order_by(offers.c.version)
            )
        ).all()
    for offer_id, text in made:
        terms = OfferTerms.model_validate_json(text)
        after = 0
        while True:
            async with db.read() as connection:
                page = (
                    await connection.execute(
                        select(codes.c.recipient_id, codes.c.code)
                        .where(codes.c.offer_id == offer_id, codes.c.recipient_id > after)
                        .order_by(codes.c.recipient_id)
                        .limit(_PAGE)
                    )
                ).all()
            if not page:
                break
            after = page[-1].recipient_id
            for _, code in page:
                yield IssuedCode(code, terms.worth, terms.currency, terms.expires)
