"""Offers: the goodwill promised in an incident, and the cap that it must stay under.

Planning refuses a promise over the cap; ``enter_issued`` enforces the cap again where codes are
issued, whatever was planned. Lock all offers of the incident before
issuing codes: they are the lock for its codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.offer import CodeSource, OfferTerms
from domain.plural import plural
from domain.publication import PublicationState
from store.joins import WITH_DELIVERIES
from store.kernel.database import Database, DialectName, insert_or_ignore
from store.recovery.code_doubts import beyond_doubt
from store.tables import batches, broadcasts, code_pool, deliveries, offers, recipients

# Built once: a broadcast runs each of these a thousand times.
LOCK = (
    select(*offers.c)
    .where(offers.c.incident == bindparam("b_incident"))
    .order_by(offers.c.version)
    # Not against foreign keys: whoever has just entered codes may go on to enter more.
    .with_for_update(key_share=True)
)
_ALL = offers.alias("all_offers")
_NEW = bindparam("b_new", type_=BigInteger)
_MARK = bindparam("b_mark", type_=String)
_WIDTH = bindparam("b_width", type_=BigInteger)
_SPENT = (
    select(func.coalesce(func.sum(_ALL.c.issued * _ALL.c.worth), 0))
    .where(_ALL.c.incident == bindparam("b_incident"))
    .scalar_subquery()
)
ISSUE = (
    update(offers)
    .where(
        offers.c.id == bindparam("b_offer", type_=Integer),
        func.coalesce(offers.c.secret_mark, _MARK) == _MARK,
        _SPENT + _NEW * offers.c.worth <= bindparam("b_cap", type_=BigInteger),
    )
    .values(
        issued=offers.c.issued + _NEW,
        secret_mark=func.coalesce(offers.c.secret_mark, _MARK),
        widest=case((offers.c.widest < _WIDTH, _WIDTH), else_=offers.c.widest),
    )
)

_CALLED_OFF = and_(
    batches.c.attempt == 0,
    batches.c.state.in_(
        [
            PublicationState.WITHDRAWN.value,
            PublicationState.SUPERSEDED.value,
            PublicationState.ABANDONED.value,
        ]
    ),
)
"""Batches that were planned and will never begin: they promise nothing to anybody."""


class KnownOffer(NamedTuple):
    """A version of an incident's offer, locked until the transaction ends."""

    id: int
    incident: str
    terms: OfferTerms
    secret_mark: str | None
    widest: int


def ensure_offer(
    connection: Connection, dialect: DialectName, incident: str, terms: OfferTerms
) -> KnownOffer:
    """Lock the incident's offers, and return this version, entered if it is new.

    ``DomainError`` if the version is there with other terms: codes of it may be out.
    """
    found = _lock(connection, incident, terms)
    if found is None:
        connection.execute(
            insert_or_ignore(dialect, offers, ["incident", "version"]).values(
                incident=incident,
                version=terms.version,
                terms=terms.model_dump_json(),
                worth=_hundredths(terms.worth),
                pool=terms.source_name if terms.source is CodeSource.POOL else None,
            )
        )
        found = _lock(connection, incident, terms)
    assert found is not None
    return found


def _lock(connection: Connection, incident: str, terms: OfferTerms) -> KnownOffer | None:
    return known_among(connection.execute(LOCK, {"b_incident": incident}).all(), incident, terms)


def known_among(rows: Sequence[Row[Any]], incident: str, terms: OfferTerms) -> KnownOffer | None:
    """This version among the rows of ``LOCK``; ``DomainError`` if its terms are others."""
    found = next((row for row in rows if row.version == terms.version), None)
    if found is None:
        return None
    # Nearly always the same text; reading it back costs more.
    if (
        found.terms != terms.model_dump_json()
        and OfferTerms.model_validate_json(found.terms) != terms
    ):
        raise DomainError(
            f"Version {terms.version} of the offer of {incident} exists with other terms.",
            "Give the changed offer the next version number.",
        )
    return KnownOffer(found.id, incident, terms, found.secret_mark, found.widest)


def refuse_other_secret(offer: KnownOffer, mark: str) -> None:
    """Raise ``DomainError`` if codes of the offer were made with another secret than ``mark``."""
    if offer.secret_mark not in (None, mark):
        raise DomainError(
            f"The codes of {offer.incident} were made with a code secret other than this "
            "worker's; nobody was given a second code.",
            "Set FRONTFOOT_CODE_SECRET on every worker to the value that the first "
            "codes were made with, and restart this worker.",
        )


def issue(offer: KnownOffer, new: int, mark: str, width: int) -> dict[str, object]:
    """The parameters of ``ISSUE``."""
    return {
        "b_offer": offer.id,
        "b_incident": offer.incident,
        "b_new": new,
        "b_mark": mark,
        "b_width": width,
        "b_cap": _hundredths(offer.terms.budget_cap),
    }


def enter_issued(
    connection: Connection, offer: KnownOffer, new: int, mark: str = "", width: int = 0
) -> None:
    """Enter ``new`` codes of a locked offer: the one statement that keeps the cap.

    ``mark`` is that of the secret, and ``width`` how far apart the recipients of one row are.
    Raises ``DomainError``, so that nothing of the transaction is kept, if the codes would pass the
    cap or come from another secret.
    """
    entered = connection.execute(ISSUE, issue(offer, new, mark, width))
    if entered.rowcount:
        return
    refuse_other_secret(offer, mark)
    raise DomainError(
        f"{plural(new, 'more code')} of {offer.terms.worth} {offer.terms.currency} would exceed "
        f"the cap of {offer.terms.budget_cap:,} {offer.terms.currency} for {offer.incident}; "
        "none was made.",
        "Have finance raise the cap, and make the offer anew with the next version number.",
    )


async def refuse_short_pool(
    db: Database, connection: AsyncConnection, incident: str, terms: OfferTerms
) -> None:
    """Raise ``DomainError`` if a pool has fewer codes than all broadcasts promise from it."""
    if terms.source is not CodeSource.POOL:
        return
    name = terms.source_name or ""
    await db.serialise(connection, f"pool/{name}")
    there = await connection.scalar(
        select(func.count())
        .select_from(code_pool)
        .where(
            code_pool.c.pool == name,
            or_(code_pool.c.recipient_id.is_not(None), beyond_doubt()),
        )
    )
    if not there:
        raise DomainError(
            f"There is no pool of codes named {name!r}, or all that it has are in doubt.",
            NextStep(action=Action.IMPORT_CODES, about=name),
        )
    promised = {
        (row.incident, row.version): await _people(connection, row.incident, row.version)
        for row in await connection.execute(
            select(offers.c.incident, offers.c.version).where(offers.c.pool == name)
        )
    }
    here = promised.pop((incident, terms.version), 0)
    left = max(0, there - sum(promised.values()))
    if here > left:
        raise DomainError(
            f"The pool {name!r} has {plural(left, 'code')} for this offer, and {here:,} people "
            "would get one.",
            NextStep(
                action=Action.IMPORT_CODES,
                about=name,
                advice=f"Nothing was planned. Import {here - left:,} more, or choose a smaller "
                "audience.",
            ),
        )


def _hundredths(amount: Decimal) -> int:
    return int(amount * 100)


async def refuse_over_budget(connection: AsyncConnection, incident: str, terms: OfferTerms) -> None:
    """Raise ``DomainError`` if all codes that broadcasts of the incident promise pass the cap.

    Somebody who is in two broadcasts of one version has one code, and counts once.
    """
    promised = (
        await connection.execute(
            _promised(incident)
            .add_columns(broadcasts.c.offer_version)
            .where(broadcasts.c.offer_version.is_not(None))
            .group_by(broadcasts.c.offer_version)
        )
    ).all()
    here = 0
    elsewhere = Decimal(0)
    for planned, many, version in promised:
        people = int(planned) if many == 1 else await _distinct(connection, incident, version)
        if version == terms.version:
            here = people
            continue
        other = await _terms(connection, incident, version)
        if other.currency != terms.currency:
            raise DomainError(
                f"An earlier offer of {incident} is in {other.currency}, this one in "
                f"{terms.currency}: one cap cannot cover both.",
                "Make the offer in the same currency.",
            )
        elsewhere += other.cost(people)
    if elsewhere == 0:
        terms.refuse_over_budget(here)
    elif elsewhere + terms.cost(here) > terms.budget_cap:
        raise DomainError(
            f"{plural(here, 'code')} of {terms.worth} {terms.currency}, with {elsewhere:,} "
            f"{terms.currency} promised before, exceed the cap of {terms.budget_cap:,}.",
            "Lower the worth, choose a smaller audience, or have finance raise the cap.",
        )


async def _people(connection: AsyncConnection, incident: str, version: int) -> int:
    """How many different people all broadcasts of a version are planned to reach."""
    planned, many = (
        await connection.execute(_promised(incident).where(broadcasts.c.offer_version == version))
    ).one()
    return int(planned) if many < 2 else await _distinct(connection, incident, version)


def _promised(incident: str) -> Select[int, int]:
    """How many people an incident's broadcasts are to reach, and how many broadcasts that are."""
    return (
        select(func.coalesce(func.sum(batches.c.size), 0), func.count(broadcasts.c.id.distinct()))
        .select_from(broadcasts)
        .join(batches, batches.c.broadcast_id == broadcasts.c.id)
        .where(broadcasts.c.incident == incident, ~_CALLED_OFF)
    )


async def _distinct(connection: AsyncConnection, incident: str, version: int) -> int:
    """How many different people several broadcasts of one version are planned to reach."""
    query = (
        select(func.count(recipients.c.id.distinct()))
        .select_from(WITH_DELIVERIES)
        .where(
            broadcasts.c.incident == incident,
            broadcasts.c.offer_version == version,
            ~_CALLED_OFF,
            func.coalesce(deliveries.c.withheld, false()) == false(),
        )
    )
    return int(await connection.scalar(query) or 0)


async def _terms(connection: AsyncConnection, incident: str, version: int) -> OfferTerms:
    text = await connection.scalar(
        select(offers.c.terms).where(offers.c.incident == incident, offers.c.version == version)
    )
    return OfferTerms.model_validate_json(text or "")
