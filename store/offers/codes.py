"""Codes: one for each recipient of an offer, derived, so that every attempt makes the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select

from domain.codes import derive_symbols, secret_mark, spell
from domain.offer import OfferTerms
from store.kernel.database import Database, DialectName
from store.offers.code_rows import new_rows, overlapping
from store.offers.entering_together import ENTER_ALONE, enter_together, place_of
from store.offers.offers import KnownOffer, ensure_offer, enter_issued, refuse_other_secret
from store.tables import codes, offers


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
        self._place = place_of(incident, terms)

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
            connection.execute(ENTER_ALONE, self._place)
        offer = ensure_offer(connection, self._dialect, self._incident, self._terms)
        refuse_other_secret(offer, self._mark)
        there = overlapping(connection, offer, made.recipients)
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
        rows = [row for made in all_made for row in new_rows(0, made.recipients, made.symbols)]
        if rows:
            many = sum(len(made.recipients) for made in all_made)
            enter_together(connection, self._incident, self._mark, self._terms, rows, many)

    def _enter(self, connection: Connection, offer: KnownOffer, made: MadeCodes) -> int:
        """Enter rows of codes; return how far apart the recipients of the widest one are."""
        rows = new_rows(offer.id, made.recipients, made.symbols)
        for row in rows:
            connection.execute(insert(codes), row)
        return max(row["last"] - row["first"] for row in rows)


async def count(db: Database, incident: str) -> int:
    """How many recipients of an incident have a code."""
    async with db.read() as connection:
        found = await connection.scalar(
            select(func.sum(offers.c.issued)).where(offers.c.incident == incident)
        )
    return int(found or 0)
