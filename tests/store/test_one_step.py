"""Taking a batch enters in one step what else is due: the last answer, and everybody's code."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.offer import OfferTerms
from domain.publication import PublicationState
from store import broadcasts, codes, events, suppressions
from store.broadcasts import Answered, BatchReservation, BroadcastRow
from store.database import Database
from tests.store.test_codes import HERE, SECRET, TERMS
from tests.store.world import DIGEST, LATER, NOON, RECEIPT, address, event, have_broadcast

ACCEPTED = PublicationState.ACCEPTED


async def second(
    database: Database, broadcast: BroadcastRow, terms: OfferTerms | None = None
) -> BatchReservation:
    """Take the second batch, when the first was answered a moment ago."""
    return await broadcasts.reserve_batch(
        database,
        broadcast.id,
        2,
        DIGEST,
        LATER,
        answered=Answered(1, RECEIPT, LATER),
        issuing=terms and codes.Issuing(database.dialect, SECRET, HERE, terms),
    )


@pytest.fixture
async def broadcast(database: Database) -> BroadcastRow:
    """Twenty customers in two batches, the first of them on the wire."""
    made = await have_broadcast(database, size=20, offer=TERMS)
    await broadcasts.reserve_batch(database, made.id, 1, DIGEST, NOON)
    return made


async def test_the_answer_to_the_batch_before_and_the_codes_of_this_one_are_entered(
    database: Database, broadcast: BroadcastRow
) -> None:
    taken = await second(database, broadcast, TERMS)

    first = await broadcasts.find_batch(database, broadcast.id, 1)
    assert (first.state, first.receipt) == (ACCEPTED, RECEIPT)
    assert await codes.count(database, HERE) == 10
    issued = await codes.ensure_codes(database, SECRET, HERE, taken.people.ids, TERMS)
    assert taken.codes == [issued[one] for one in taken.people.ids]
    assert await codes.count(database, HERE) == 10


async def test_codes_that_some_have_already_are_left_to_a_step_of_their_own(
    database: Database, broadcast: BroadcastRow
) -> None:
    await codes.ensure_codes(database, SECRET, HERE, [12, 14], TERMS)

    taken = await second(database, broadcast, TERMS)

    assert (taken.reserved, taken.codes) == (True, None)
    assert (await broadcasts.find_batch(database, broadcast.id, 1)).state is ACCEPTED
    assert await codes.count(database, HERE) == 2


@pytest.mark.parametrize(
    "terms",
    [
        TERMS.model_copy(update={"budget_cap": TERMS.worth * 9}),
        TERMS.model_copy(update={"worth": TERMS.worth + Decimal(1)}),
        TERMS.model_copy(update={"version": 2}),
    ],
    ids=["over the cap", "other terms", "not entered yet"],
)
async def test_codes_that_may_not_be_are_left_to_the_step_that_says_why(
    database: Database, broadcast: BroadcastRow, terms: OfferTerms
) -> None:
    taken = await second(database, broadcast, terms)

    assert (taken.reserved, taken.codes) == (True, None)
    assert (await broadcasts.find_batch(database, broadcast.id, 1)).state is ACCEPTED
    assert await codes.count(database, HERE) == 0


async def test_an_event_that_is_faster_than_the_answer_changes_nothing(
    database: Database, broadcast: BroadcastRow
) -> None:
    await events.record(database, [event(broadcast, 3)])

    taken = await second(database, broadcast, TERMS)

    first = await broadcasts.find_batch(database, broadcast.id, 1)
    assert (first.state, first.receipt) == (ACCEPTED, RECEIPT)
    assert (taken.reserved, len(taken.people.ids)) == (True, 10)


async def test_who_left_a_moment_ago_gets_neither_mail_nor_code(
    database: Database, broadcast: BroadcastRow
) -> None:
    await suppress_number(database, 15)

    taken = await second(database, broadcast, TERMS)

    assert list(taken.people.ids) == [one for one in range(11, 21) if one != 15]
    assert len(taken.people.addresses) == len(taken.codes or ()) == 9
    assert await codes.count(database, HERE) == 9


async def suppress_number(database: Database, number: int) -> None:
    await suppressions.add(database, address(number), "unsubscribed", None, "console", NOON)
