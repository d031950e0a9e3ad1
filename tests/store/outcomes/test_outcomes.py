"""How everything ended can be read from the ledger, without the incident that asked for it."""

from __future__ import annotations

import pytest

from domain.explanation import Explanation
from domain.publication import Destination, Outcome, PublicationState
from store.broadcasts import broadcasts
from store.kernel.database import Database
from store.outcomes import outcomes
from store.record import publications
from tests.store.world import DIGEST, LATER, NOON, RECEIPT, have_broadcast, ref

S = PublicationState
TWITTER = Destination(channel="twitter")
MAIL = Destination(channel="email", audience="customers")


async def test_a_post_that_was_never_planned_is_not_known(database: Database) -> None:
    found = await outcomes.read(database, ref(), TWITTER)
    assert (found.known, found.outcome.state) == (False, S.PLANNED)


async def test_a_post_is_what_its_row_says(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    under_way = await outcomes.read(database, ref(), TWITTER)
    await publications.accept(database, ref(), "twitter", RECEIPT, LATER)
    accepted = await outcomes.read(database, ref(), TWITTER)

    assert (under_way.outcome.state, under_way.reached) == (S.SENDING, False)
    assert (accepted.outcome.state, accepted.reached) == (S.ACCEPTED, True)
    assert accepted.outcome.receipt == RECEIPT


async def test_the_row_of_another_revision_says_nothing(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    assert not (await outcomes.read(database, ref(revision=2), TWITTER)).known


async def test_a_broadcast_has_ended_once_that_was_entered_and_until_it_is_tried_again(
    database: Database,
) -> None:
    planned = await have_broadcast(database, 5, audience="customers")
    under_way = await outcomes.read(database, ref(), MAIL)
    why = Explanation(what="5 of 5 recipients accepted.")
    ended = Outcome.at(MAIL, S.PARTLY_ACCEPTED, why)
    await outcomes.enter(database, ref(), MAIL, ended)
    kept = await outcomes.read(database, ref(), MAIL)
    await broadcasts.take_up_again(database, planned.id)
    again = await outcomes.read(database, ref(), MAIL)

    assert (under_way.known, under_way.outcome.state) == (True, S.SENDING)
    assert kept.outcome == ended
    assert again.outcome.state is S.SENDING


async def test_the_outcome_of_a_post_is_entered_nowhere_else(database: Database) -> None:
    with pytest.raises(ValueError, match="in its row"):
        await outcomes.enter(database, ref(), TWITTER, Outcome.at(TWITTER, S.ACCEPTED))
