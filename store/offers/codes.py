"""Codes: one for each recipient of an offer, derived, so that every attempt makes the same one.

A row has those of up to a thousand recipients, packed: a batch's codes are one insert. Nobody is
in two rows of an offer, because the offer is locked before its codes are read or entered.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

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
    update,
)
from sqlalchemy.exc import IntegrityError

from domain.codes import CODE_LENGTH, derive_symbols, secret_mark, spell
from domain.offer import OfferTerms
from store.kernel.bulk import Bulk
from store.kernel.database import Apart, Database, DialectName
from store.offers.offers import (
    ISSUE,
    LOCK,
    KnownOffer,
    ensure_offer,
    enter_issued,
    issue,
    known_among,
    refuse_other_secret,
)
from store.tables import codes, offers

ROW = 1_000
"""Codes in one row at most, which bounds how far apart its recipients are likely to be."""

_OVERLAPPING = (
    select(codes.c.first, codes.c.last, codes.c.entered_at, codes.c.recipients)
    .where(
        codes.c.offer_id == bindparam("b_offer"),
        codes.c.first.between(bindparam("b_from"), bindparam("b_to")),
        codes.c.last >= bindparam("b_least"),
    )
    .order_by(codes.c.first)
)
# Many may enter new codes together, or one who looks first for codes that are there. Without this
# the former would wait for the latter's lock on the offers, and the latter for a row of the former.
_INCIDENT = bindparam("b_incident", type_=Text)
_LOCK_OF_CODES = func.hashtextextended("codes/" + _INCIDENT, 0)
_ENTER_ALONE = select(func.pg_advisory_xact_lock(_LOCK_OF_CODES))
_FIRSTS = bindparam("b_first", type_=ARRAY(BigInteger))
_LASTS = bindparam("b_last", type_=ARRAY(BigInteger))
_SYMBOLS = bindparam("b_symbols", type_=ARRAY(LargeBinary))
_RECIPIENTS = bindparam("b_recipients", type_=ARRAY(LargeBinary))
# Of one size for the server's planner, whatever is in it: it plans for this once, and would plan
# anew for each transaction if few rows made that look worth it.
_SPANS = Bulk("postgresql", first=BigInteger(), last=BigInteger())


def _entering_together() -> Select[*tuple[Any, ...]]:
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


def _issuing_together() -> Update:
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


_ENTER_TOGETHER = _entering_together()
_ISSUE_TOGETHER = _issuing_together()


def pack(ids: Sequence[int]) -> bytes:
    """Ids of recipients as they are stored: eight bytes each, little-endian."""
    packed = array("Q", ids)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(stored: bytes) -> array[int]:
    """The ids that ``pack`` was given."""
    ids = array("Q")
    ids.frombytes(stored)
    if sys.byteorder == "big":
        ids.byteswap()
    return ids


def is_run(ids: Sequence[int]) -> bool:
    """Whether nobody is missing between the first and the last of ids in order, as nearly always.

    Such a row of codes stores no ids: they would be two fifths of it, and entering them costs
    PostgreSQL as much again as the codes.
    """
    return ids[-1] - ids[0] + 1 == len(ids)


async def ensure_codes(
    db: Database,
    secret: bytes,
    incident: str,
    recipients: Sequence[int],
    terms: OfferTerms,
    *,
    grouped: bool = False,
) -> dict[int, str]:
    """Issue a code to each recipient who has none, and return everybody's, by recipient id.

    ``secret`` is used and not kept; ``grouped`` is for ``codes.spell``. Nothing is issued, and
    ``DomainError`` says why, if this version of the offer is in the ledger with other terms, if
    its codes were made with another secret, or if the codes would exceed the cap.
    """
    everybody = sorted(set(recipients))
    if not everybody:
        return {}
    issuing = Issuing(db.dialect, secret, incident, terms, grouped=grouped)
    made = issuing.make(everybody)
    await db.write_with(lambda connection: issuing.enter(connection, made))
    return dict(zip(everybody, made.codes, strict=True))


class MadeCodes(NamedTuple):
    """The codes of some recipients, who are in the order of their ids and nobody twice.

    ``symbols`` is what the ledger keeps of them. Nobody may see a code that was not entered.
    """

    recipients: Sequence[int]
    symbols: bytes
    codes: list[str]


class Issuing:
    """Issues the codes of one version of an incident's offer, inside a caller's transaction."""

    def __init__(
        self,
        dialect: DialectName,
        secret: bytes,
        incident: str,
        terms: OfferTerms,
        *,
        grouped: bool = False,
    ) -> None:
        self._dialect = dialect
        self._secret = secret
        self._mark = secret_mark(secret)
        self._incident = incident
        self._terms = terms
        self._grouped = grouped
        self._place = {"b_incident": incident, "b_version": terms.version}

    @property
    def of(self) -> tuple[str, str, OfferTerms, bool]:
        """Whose codes these are and how they look: what makes the same has the same."""
        return self._incident, self._mark, self._terms, self._grouped

    def make(self, recipients: Sequence[int]) -> MadeCodes:
        """Everybody's code; it needs no ledger and can be made beforehand."""
        symbols = derive_symbols(self._secret, self._incident, self._terms.version, recipients)
        return MadeCodes(recipients, symbols, spell(symbols, grouped=self._grouped))

    def enter(self, connection: Connection, made: MadeCodes) -> None:
        """Enter the codes of those who have none yet; ``DomainError`` as from ``ensure_codes``.

        Locks the incident's offers until the transaction ends, so do it last: all workers pass
        here, and each further trip to the database keeps the others waiting.
        """
        if not made.recipients:
            return
        if self._dialect == "postgresql":
            connection.execute(_ENTER_ALONE, self._place)
        offer = ensure_offer(connection, self._dialect, self._incident, self._terms)
        refuse_other_secret(offer, self._mark)
        there = _overlapping(connection, offer, made.recipients)
        if there:
            known = {one for row in there for one in row.members}
            made = self.make([one for one in made.recipients if one not in known])
        if made.recipients:
            width = self._enter(connection, offer, made)
            enter_issued(connection, offer, len(made.recipients), self._mark, width)

    def enter_together(self, connection: Connection, all_made: Sequence[MadeCodes]) -> None:
        """``enter`` for several batches at once, of which nobody has a code yet; for PostgreSQL.

        The offers are locked only once the rows are in: others wait for one short statement and
        the commit. What somebody else has entered for the same people is seen under that lock.
        ``Apart`` if there is any such thing, then ``enter`` is for each alone.
        """
        # Their row has the id of an offer that is not known yet.
        rows = [row for made in all_made for row in _rows(0, made)]
        if not rows:
            return
        columns = {
            "b_first": [row["first"] for row in rows],
            "b_last": [row["last"] for row in rows],
            "b_symbols": [row["symbols"] for row in rows],
            "b_recipients": [row["recipients"] for row in rows],
        }
        try:
            locked = connection.execute(
                _ENTER_TOGETHER, {**self._place, **columns, "b_many": len(rows)}
            ).all()
        except IntegrityError:
            raise Apart from None
        offer = known_among(locked, self._incident, self._terms)
        if offer is None:
            raise Apart
        width = max(row["last"] - row["first"] for row in rows)
        spans = {
            **_SPANS.parameter((row["first"], row["last"]) for row in rows),
            "b_rows": len(rows),
            "b_widest": max(width, offer.widest),
        }
        new = sum(len(made.recipients) for made in all_made)
        values = issue(offer, new, self._mark, width)
        if not connection.execute(_ISSUE_TOGETHER, {**values, **spans}).rowcount:
            raise Apart

    def _enter(self, connection: Connection, offer: KnownOffer, made: MadeCodes) -> int:
        """Enter rows of codes; return how far apart the recipients of the widest one are."""
        rows = _rows(offer.id, made)
        for row in rows:
            connection.execute(insert(codes), row)
        return max(row["last"] - row["first"] for row in rows)


class _NewRow(TypedDict):
    offer_id: int
    first: int
    last: int
    symbols: bytes
    recipients: bytes


def _rows(offer_id: int, made: MadeCodes) -> list[_NewRow]:
    """What is entered of these codes: a row for each ``ROW`` of them."""
    rows: list[_NewRow] = []
    for start in range(0, len(made.recipients), ROW):
        ids = made.recipients[start : start + ROW]
        rows.append(
            {
                "offer_id": offer_id,
                "first": ids[0],
                "last": ids[-1],
                "symbols": made.symbols[start * CODE_LENGTH : (start + ROW) * CODE_LENGTH],
                "recipients": b"" if is_run(ids) else pack(ids),
            }
        )
    return rows


async def not_entered(
    db: Database, incident: str, recipients: Sequence[int], terms: OfferTerms
) -> set[int]:
    """Which of these recipients' codes the shop may not have been told of yet."""

    def look(connection: Connection) -> list[_Row]:
        offer = ensure_offer(connection, db.dialect, incident, terms)
        return _overlapping(connection, offer, sorted(recipients))

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
        for row in _overlapping(connection, offer, sorted(recipients)):
            if not row.entered and known.issuperset(row.members):
                connection.execute(
                    update(codes)
                    .where(codes.c.offer_id == offer.id, codes.c.first == row.first)
                    .values(entered_at=at)
                )

    await db.write_with(enter)


async def count(db: Database, incident: str) -> int:
    """How many recipients of an incident have a code."""
    async with db.read() as connection:
        found = await connection.scalar(
            select(func.sum(offers.c.issued)).where(offers.c.incident == incident)
        )
    return int(found or 0)


class _Row(NamedTuple):
    first: int
    entered: bool
    members: Sequence[int]


def _overlapping(connection: Connection, offer: KnownOffer, everybody: Sequence[int]) -> list[_Row]:
    """The rows that may contain one of these recipients, who are in order."""
    least, most = everybody[0], everybody[-1]
    found = connection.execute(
        _OVERLAPPING,
        {
            "b_offer": offer.id,
            # No row reaches further than the widest one, so few are read.
            "b_from": least - offer.widest,
            "b_to": most,
            "b_least": least,
        },
    )
    return [
        _Row(first, at is not None, unpack(members) if members else range(first, last + 1))
        for first, last, at, members in found
    ]
