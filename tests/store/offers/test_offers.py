"""The goodwill stays under its cap, however it is divided."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.errors import DomainError
from domain.offer import CodeSource, OfferTerms
from store.broadcasts import broadcasts
from store.kernel.database import Database
from store.offers import code_pool
from store.people import audiences
from tests.store.world import (
    DIGEST,
    LATER,
    NOON,
    TERMS,
    have_audience,
    have_broadcast,
    ref,
    send,
)


async def test_codes_over_the_cap_are_not_planned(database: Database) -> None:
    with pytest.raises(DomainError, match="over the cap"):
        await have_broadcast(database, size=101, offer=TERMS)

    assert (
        await broadcasts.find_broadcast(database, ref(), "email", "customers-of-buffer-saturday")
        is None
    )


async def test_two_offers_of_one_incident_share_its_cap(database: Database) -> None:
    await have_audience(database, 60, "europe")
    await have_audience(database, 60, "america", start=1000)
    second_offer = TERMS.model_copy(update={"version": 2})
    await broadcasts.plan(
        database, ref(), "email", await audiences.cut(database, "europe"), 10, DIGEST, NOON, TERMS
    )

    cut = await audiences.cut(database, "america")
    with pytest.raises(DomainError, match="promised before"):
        await broadcasts.plan(database, ref(number=2), "email", cut, 10, DIGEST, NOON, second_offer)


async def test_one_person_in_two_broadcasts_of_an_offer_costs_one_code(
    database: Database,
) -> None:
    terms = TERMS.model_copy(update={"budget_cap": Decimal("600.00")})
    await have_audience(database, 60)
    cut = await audiences.cut(database, "customers")
    await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON, terms)

    again = await broadcasts.plan(database, ref(number=2), "email", cut, 10, DIGEST, NOON, terms)

    assert again.planned == 60


@pytest.mark.parametrize("source", [CodeSource.DERIVED, CodeSource.POOL])
async def test_what_was_called_off_before_it_began_is_promised_to_nobody(
    database: Database, source: CodeSource
) -> None:
    """Three of six batches had begun: their thirty people keep what they were promised."""
    name = "spring" if source is CodeSource.POOL else None
    offer = TERMS.model_copy(update={"source": source, "source_name": name})
    await code_pool.import_codes(database, "spring", (f"SPRING{n}" for n in range(90)))
    first = await have_broadcast(database, size=60, offer=offer)
    for number in (1, 2, 3):
        await send(database, first, number)
    await broadcasts.stop(database, first.id, LATER)

    changed = offer.model_copy(update={"version": 2})
    with pytest.raises(DomainError, match=r"promised before|for this offer"):
        await plan_for(database, 71, "asia", changed)
    assert (await plan_for(database, 60, "america", changed)).planned == 60


async def plan_for(
    database: Database, size: int, audience: str, offer: OfferTerms
) -> broadcasts.BroadcastRow:
    await have_audience(database, size, audience, start=1000)
    cut = await audiences.cut(database, audience)
    return await broadcasts.plan(database, ref(number=2), "email", cut, 10, DIGEST, NOON, offer)
