"""Taking a batch enters in one step what else is due: the last answer, and everybody's code."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from domain.errors import DomainError
from domain.offer import OfferTerms
from domain.publication import PublicationState
from store.broadcasts import batch_outcomes, batches
from store.broadcasts.batch_rows import lock_batch
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.taking import Answered, BatchReservation
from store.events import events
from store.kernel.columns import moment_text
from store.kernel.database import Database
from store.offers import codes
from store.people import suppressions
from tests.store.offers.test_codes import HERE, SECRET, TERMS
from tests.store.world import (
    DIGEST,
    LATER,
    NO_ANSWER,
    NOON,
    RECEIPT,
    address,
    event,
    have_broadcast,
)

ACCEPTED = PublicationState.ACCEPTED


async def take_second(
    database: Database, broadcast: BroadcastRow, terms: OfferTerms | None = None
) -> BatchReservation:
    """Take the second batch, when the first was answered a moment ago."""
    return await batches.reserve_batch(
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
    await batches.reserve_batch(database, made.id, 1, DIGEST, NOON)
    return made


async def test_the_answer_to_the_batch_before_and_the_codes_of_this_one_are_entered(
    database: Database, broadcast: BroadcastRow
) -> None:
    taken = await take_second(database, broadcast, TERMS)

    first = await batches.find_batch(database, broadcast.id, 1)
    assert (first.state, first.receipt) == (ACCEPTED, RECEIPT)
    assert await codes.count(database, HERE) == 10
    issued = await codes.ensure_codes(database, SECRET, HERE, taken.people.ids, TERMS)
    assert taken.codes == [issued[one] for one in taken.people.ids]
    assert await codes.count(database, HERE) == 10


async def test_who_has_a_code_already_is_told_that_one(
    database: Database, broadcast: BroadcastRow
) -> None:
    before = await codes.ensure_codes(database, SECRET, HERE, [12, 14], TERMS)

    taken = await take_second(database, broadcast, TERMS)

    told = dict(zip(taken.people.ids, taken.codes or (), strict=True))
    assert before.items() <= told.items()
    assert await codes.count(database, HERE) == 10


@pytest.mark.parametrize(
    "terms",
    [
        TERMS.model_copy(update={"budget_cap": TERMS.worth * 9}),
        TERMS.model_copy(update={"worth": TERMS.worth + Decimal(1)}),
    ],
    ids=["over the cap", "other terms"],
)
async def test_codes_that_may_not_be_are_left_to_the_step_that_says_why(
    database: Database, broadcast: BroadcastRow, terms: OfferTerms
) -> None:
    taken = await take_second(database, broadcast, terms)

    assert (taken.reserved, taken.codes) == (True, None)
    assert (await batches.find_batch(database, broadcast.id, 1)).state is ACCEPTED
    assert await codes.count(database, HERE) == 0


async def test_an_event_that_is_faster_than_the_answer_changes_nothing(
    database: Database, broadcast: BroadcastRow
) -> None:
    await events.record(database, [event(broadcast, 3)])

    taken = await take_second(database, broadcast, TERMS)

    first = await batches.find_batch(database, broadcast.id, 1)
    assert (first.state, first.receipt) == (ACCEPTED, RECEIPT)
    assert len(taken.people.ids) == len(taken.codes or ()) == 10


async def test_who_left_a_moment_ago_gets_neither_mail_nor_code(
    database: Database, broadcast: BroadcastRow
) -> None:
    await suppress_number(database, 15)

    taken = await take_second(database, broadcast, TERMS)

    assert list(taken.people.ids) == [one for one in range(11, 21) if one != 15]
    assert len(taken.people.addresses) == len(taken.codes or ()) == 9
    assert await codes.count(database, HERE) == 9


async def suppress_number(database: Database, number: int) -> None:
    await suppressions.add(database, address(number), "unsubscribed", None, "console", NOON)


async def test_who_left_while_the_batch_was_waited_for_gets_no_mail(
    database: Database, second: Database, broadcast: BroadcastRow
) -> None:
    """A receiver has entered a complaint, and holds what we need next, when we come."""
    async with second.write() as connection:
        await lock_batch(connection, broadcast.id, 2)
        mailbox = address(15)
        row = (mailbox, "", "complained", "sendgrid", moment_text(NOON))
        await suppressions.add_mailboxes(second, connection, [row])
        taking = asyncio.create_task(take_second(database, broadcast, TERMS))
        await asyncio.sleep(0.3)
        assert not taking.done()

    taken = await taking

    assert mailbox not in taken.people.addresses
    assert len(taken.people.ids) == len(taken.codes or ()) == 9


async def test_an_answer_to_a_batch_that_was_given_up_meanwhile_is_entered_all_the_same(
    database: Database, broadcast: BroadcastRow
) -> None:
    await batch_outcomes.mark_batch_unknown(database, broadcast.id, 1, 1, NO_ANSWER, LATER)

    taken = await take_second(database, broadcast, TERMS)

    first = await batches.find_batch(database, broadcast.id, 1)
    assert (first.state, first.receipt) == (ACCEPTED, RECEIPT)
    assert (taken.reserved, taken.codes) == (True, None)


async def test_two_workers_at_once_do_not_pass_the_cap_of_an_offer_that_is_under_way(
    database: Database, second: Database
) -> None:
    """The second waits for the first, and must not add up what was issued before the wait."""
    terms = TERMS.model_copy(update={"budget_cap": TERMS.worth * 11})
    await codes.ensure_codes(database, SECRET, HERE, [1000], terms)

    def enter(connection: Connection, people: range) -> None:
        issuing = codes.Issuing(database.dialect, SECRET, HERE, terms)
        issuing.enter(connection, issuing.make(people))

    async with second.write() as connection:
        await connection.run_sync(enter, range(1, 11))
        late = asyncio.create_task(
            database.write_with(lambda connection: enter(connection, range(11, 21)))
        )
        await asyncio.sleep(0.3)
        assert not late.done()
    with pytest.raises(DomainError, match="would exceed the cap"):
        await late

    assert await codes.count(database, HERE) == 11
