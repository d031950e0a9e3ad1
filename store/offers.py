"""Offers: the goodwill promised in an incident, and the cap that it must stay under."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import and_, bindparam, false, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.offer import OfferTerms
from store.database import Database
from store.tables import batches, broadcasts, deliveries, offers, recipients

_OFFER = select(offers.c.id, offers.c.terms).where(
    offers.c.incident == bindparam("b_incident"), offers.c.version == bindparam("b_version")
)


async def ensure_offer(
    db: Database, connection: AsyncConnection, incident: str, terms: OfferTerms
) -> int:
    """The id of this version of the incident's offer, entered if it is new.

    ``DomainError`` if the version is there with other terms: codes of it may be out.
    """
    row = (await connection.execute(_OFFER, _version(incident, terms))).first()
    if row is None:
        await connection.execute(
            db.insert_or_ignore(offers, ["incident", "version"]).values(
                incident=incident, version=terms.version, terms=terms.model_dump_json()
            )
        )
        row = (await connection.execute(_OFFER, _version(incident, terms))).one()
    if OfferTerms.model_validate_json(row.terms) != terms:
        raise DomainError(
            f"Version {terms.version} of the offer of {incident} exists with other terms.",
            "Give the changed offer the next version number.",
        )
    offer_id: int = row.id
    return offer_id


async def refuse_over_budget(connection: AsyncConnection, incident: str, terms: OfferTerms) -> None:
    """Raise ``DomainError`` if all codes that broadcasts of the incident promise pass the cap.

    Somebody who is in two broadcasts of one version has one code, and counts once.
    """
    promised = (
        await connection.execute(
            select(
                broadcasts.c.offer_version,
                func.sum(broadcasts.c.planned),
                func.count().label("all"),
            )
            .where(broadcasts.c.incident == incident, broadcasts.c.offer_version.is_not(None))
            .group_by(broadcasts.c.offer_version)
        )
    ).all()
    here = 0
    elsewhere = Decimal(0)
    for version, planned, many in promised:
        people = int(planned) if many == 1 else await _people(connection, incident, version)
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
            f"{here:,} codes of {terms.worth} {terms.currency}, with {elsewhere:,} "
            f"{terms.currency} promised before, pass the cap of {terms.budget_cap:,}.",
            "Lower the worth, choose a smaller audience, or have finance raise the cap.",
        )


async def _people(connection: AsyncConnection, incident: str, version: int) -> int:
    """How many different people several broadcasts of one version are planned to reach."""
    query = (
        select(func.count(recipients.c.id.distinct()))
        .select_from(batches)
        .join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
        .join(
            recipients,
            and_(
                recipients.c.audience_id == broadcasts.c.audience_id,
                recipients.c.id.between(batches.c.first, batches.c.last),
            ),
        )
        .outerjoin(
            deliveries,
            and_(
                deliveries.c.broadcast_id == batches.c.broadcast_id,
                deliveries.c.recipient_id == recipients.c.id,
            ),
        )
        .where(
            broadcasts.c.incident == incident,
            broadcasts.c.offer_version == version,
            func.coalesce(deliveries.c.withheld, false()) == false(),
        )
    )
    return int(await connection.scalar(query) or 0)


async def _terms(connection: AsyncConnection, incident: str, version: int) -> OfferTerms:
    text = await connection.scalar(
        select(offers.c.terms).where(offers.c.incident == incident, offers.c.version == version)
    )
    return OfferTerms.model_validate_json(text or "")


def _version(incident: str, terms: OfferTerms) -> dict[str, object]:
    return {"b_incident": incident, "b_version": terms.version}
