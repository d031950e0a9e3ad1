"""Codes that were issued, read out again: for the shop, and to find out whose a code is.

Everything is read page by page: memory stays small, and no long transaction delays the writers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, select, tuple_

from domain.codes import spell
from domain.offer import CodeSource, OfferTerms
from store.kernel.database import Database
from store.tables import code_pool, codes, offers

_ROWS_AT_ONCE = 200
_POOL_PAGE = 5_000


class IssuedCode(NamedTuple):
    """One line of the list for the shop."""

    code: str
    worth: Decimal
    currency: str
    expires: date | None


async def export(
    db: Database, incident: str, *, as_mailed: bool = False
) -> AsyncIterator[IssuedCode]:
    """Every code that an incident has given out with what it is worth, for the shop to load.

    ``as_mailed`` groups derived codes with the dashes that mails show; a shop's own stay theirs.
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
        pooled = terms.source is CodeSource.POOL
        grouped = as_mailed and terms.source is CodeSource.DERIVED
        pages = _pool_pages(db, offer_id) if pooled else _pages(db, offer_id, grouped)
        async for page in pages:
            for code in page:
                yield IssuedCode(code, terms.worth, terms.currency, terms.expires)


async def symbols_of_all(db: Database) -> AsyncIterator[tuple[int, bytes]]:
    """Every row in the ledger: the offer's id and the symbols of its codes, one after the other."""
    after = (0, -1)
    while True:
        async with db.read() as connection:
            page = (
                await connection.execute(
                    select(codes.c.offer_id, codes.c.first, codes.c.symbols)
                    .where(tuple_(codes.c.offer_id, codes.c.first) > tuple_(*after))
                    .order_by(codes.c.offer_id, codes.c.first)
                    .limit(_ROWS_AT_ONCE)
                )
            ).all()
        for offer_id, _, symbols in page:
            yield offer_id, symbols
        if len(page) < _ROWS_AT_ONCE:
            return
        after = (page[-1].offer_id, page[-1].first)


async def _pages(db: Database, offer_id: int, grouped: bool) -> AsyncIterator[list[str]]:
    kept = select(codes.c.first, codes.c.symbols).where(codes.c.offer_id == offer_id)
    async for page in _paged(db, kept, codes.c.first, _ROWS_AT_ONCE):
        for _, symbols in page:
            yield spell(symbols, grouped=grouped)


async def _pool_pages(db: Database, offer_id: int) -> AsyncIterator[list[str]]:
    given = select(code_pool.c.recipient_id, code_pool.c.code).where(
        code_pool.c.offer_id == offer_id
    )
    async for page in _paged(db, given, code_pool.c.recipient_id, _POOL_PAGE):
        yield [code for _, code in page]


async def _paged(
    db: Database, rows: Select[int, Any], key: ColumnElement[int], size: int
) -> AsyncIterator[Sequence[Row[int, Any]]]:
    """``rows`` by ``key``, their first column, ``size`` at a time, each page read by itself."""
    after = -1
    while True:
        async with db.read() as connection:
            page = (
                await connection.execute(rows.where(key > after).order_by(key).limit(size))
            ).all()
        yield page
        if len(page) < size:
            return
        after = page[-1][0]
