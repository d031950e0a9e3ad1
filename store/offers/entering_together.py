"""Entering the codes of several batches at once, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Integer,
    LargeBinary,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.exc import IntegrityError

from domain.offer import OfferTerms
from store.kernel.bulk import Bulk
from store.kernel.database import Apart
from store.offers.code_rows import NewRow
from store.offers.offers import ISSUE, LOCK, issue, known_among
from store.tables import codes, offers

# Many may enter new codes together, or one who looks first for codes that are there. Without this
# the former would wait for the latter's lock on the offers, and the latter for a row of the former.
_INCIDENT = bindparam("b_incident", type_=Text)
_LOCK_OF_CODES = func.hashtextextended("codes/" + _INCIDENT, 0)
ENTER_ALONE = select(func.pg_advisory_xact_lock(_LOCK_OF_CODES))
_FIRSTS = bindparam("b_first", type_=ARRAY(BigInteger))
_LASTS = bindparam("b_last", type_=ARRAY(BigInteger))
_SYMBOLS = bindparam("b_symbols", type_=ARRAY(LargeBinary))
_RECIPIENTS = bindparam("b_recipients", type_=ARRAY(LargeBinary))
# Of one size for the server's planner, whatever is in it: it plans for this once, and would plan
# anew for each transaction if few rows made that look worth it.
_SPANS = Bulk("postgresql", first=BigInteger(), last=BigInteger())


def _entering() -> Select[*tuple[Any, ...]]:
    """Enter rows of codes, and only then lock the incident's offers; returns those."""
    of_version = (
        select(offers.c.id, func.pg_advisory_xact_lock_shared(_LOCK_OF_CODES))
        .where(offers.c.incident == _INCIDENT, offers.c.version == bindparam("b_version"))
        .cte("of_version")
    )
    rows = (
        func.unnest(_FIRSTS, _LASTS, _SYMBOLS, _RECIPIENTS)
        .table_valued("first", "last", "symbols", "recipients")
        .render_derived(name="rows")
    )
    columns = ["offer_id", *(column.name for column in rows.c)]
    entered = (
        insert(codes)
        .from_select(
            columns,
            select(of_version.c.id, *rows.c).select_from(of_version.join(rows, true())),
            include_defaults=False,
        )
        .returning(codes.c.first)
        .cte("entered")
    )
    many = select(func.count()).select_from(entered).scalar_subquery()
    return LOCK.where(many == bindparam("b_many", type_=BigInteger))


def _issuing() -> Update:
    """Count the codes as issued, if the rows of these recipients are the ones just entered."""
    there = (
        select(func.count())
        .select_from(_SPANS.table)
        .join(
            codes,
            and_(
                codes.c.offer_id == bindparam("b_offer", type_=Integer),
                # No row reaches further than the widest one, so few are read.
                codes.c.first.between(
                    _SPANS.table.c.first - bindparam("b_widest", type_=BigInteger),
                    _SPANS.table.c.last,
                ),
                codes.c.last >= _SPANS.table.c.first,
            ),
        )
        .scalar_subquery()
    )
    return ISSUE.where(there == bindparam("b_rows", type_=BigInteger))


_ENTER = _entering()
_ISSUE = _issuing()


def place_of(incident: str, terms: OfferTerms) -> dict[str, object]:
    """The version of an offer, as the statements here ask for it."""
    return {"b_incident": incident, "b_version": terms.version}


def enter_together(
    connection: Connection,
    incident: str,
    mark: str,
    terms: OfferTerms,
    rows: Sequence[NewRow],
    many: int,
) -> None:
    """Enter rows with ``many`` codes, for recipients of whom nobody has one yet.

    The offers are locked only once the rows are in: others wait for one short statement and
    the commit. What somebody else has entered for the same people is seen under that lock.
    ``Apart`` if there is any such thing.
    """
    columns = {
        "b_first": [row["first"] for row in rows],
        "b_last": [row["last"] for row in rows],
        "b_symbols": [row["symbols"] for row in rows],
        "b_recipients": [row["recipients"] for row in rows],
    }
    try:
        locked = connection.execute(
            _ENTER, {**place_of(incident, terms), **columns, "b_many": len(rows)}
        ).all()
    except IntegrityError:
        raise Apart from None
    offer = known_among(locked, incident, terms)
    if offer is None:
        raise Apart
    width = max(row["last"] - row["first"] for row in rows)
    spans = {
        **_SPANS.parameter((row["first"], row["last"]) for row in rows),
        "b_rows": len(rows),
        "b_widest": max(width, offer.widest),
    }
    values = issue(offer, many, mark, width)
    if not connection.execute(_ISSUE, {**values, **spans}).rowcount:
        raise Apart
