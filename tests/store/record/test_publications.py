"""The ledger of post channels: one sender, whoever else tries."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.errors import DomainError
from domain.explanation import explained
from domain.publication import PublicationState, Receipt
from store.kernel.database import Database
from store.record import publication_rows, publications
from tests.store.world import DIGEST, LATER, NOON, RECEIPT, ref

S = PublicationState
HERE = (ref(), "twitter")


async def plan(db: Database, revision: int = 1, digest: str = DIGEST) -> None:
    await publications.plan(db, ref(revision=revision), "twitter", digest, NOON)


async def take(db: Database, attempt: int = 1, revision: int = 1, digest: str = DIGEST) -> bool:
    here = ref(revision=revision)
    taken = await publications.reserve(db, here, "twitter", digest, NOON, attempt)
    return taken.reserved


async def state(db: Database) -> PublicationState:
    row = await publication_rows.find(db, *HERE)
    assert row is not None
    return row.state


async def test_two_workers_at_once_and_only_one_may_publish(
    database: Database, second: Database
) -> None:
    await plan(database)

    taken = await asyncio.gather(*(take(db, n) for n, db in enumerate([database, second] * 10)))

    assert taken.count(True) == 1


async def test_a_withdrawal_that_races_a_worker_leaves_one_winner(
    database: Database, second: Database
) -> None:
    for number in range(1, 11):
        here = ref(number=number)
        await publications.plan(database, here, "twitter", DIGEST, NOON)
        taken, withdrawn = await asyncio.gather(
            publications.reserve(database, here, "twitter", DIGEST, NOON, 1),
            publications.withdraw(second, here, "twitter", NOON),
        )
        assert taken.reserved == (withdrawn.state is not S.WITHDRAWN)


async def test_planning_twice_keeps_the_first_plan(database: Database) -> None:
    await plan(database)
    await take(database)
    await plan(database)

    assert await state(database) is S.SENDING


async def test_the_retry_of_a_worker_that_died_must_look_first(database: Database) -> None:
    await plan(database)
    await take(database, attempt=1)

    retry = await publications.reserve(database, *HERE, DIGEST, LATER, 2)

    assert (retry.reserved, retry.row.state, retry.row.attempt, retry.row.started_at) == (
        False,
        S.SENDING,
        1,
        NOON,
    )


async def test_what_did_not_go_out_may_be_sent_by_the_next_attempt(database: Database) -> None:
    await plan(database)
    await take(database, attempt=1)
    await publications.nothing_went_out(database, *HERE, 1, LATER)

    assert await take(database, attempt=2)


async def test_a_late_word_about_an_earlier_attempt_does_not_free_the_current_one(
    database: Database,
) -> None:
    await plan(database)
    await take(database, attempt=1)
    await publications.nothing_went_out(database, *HERE, 1, LATER)
    await take(database, attempt=2)

    row = await publications.nothing_went_out(database, *HERE, 1, LATER)

    assert row.state is S.SENDING


async def test_nothing_is_sent_for_a_digest_that_was_not_planned(database: Database) -> None:
    await plan(database)

    assert not await take(database, digest="e" * 64)


async def test_a_later_revision_takes_over_what_never_went_out(database: Database) -> None:
    await plan(database)
    await plan(database, revision=2, digest="e" * 64)

    assert not await take(database)
    assert await take(database, revision=2, digest="e" * 64)


async def test_a_later_revision_does_not_take_over_what_may_be_out(database: Database) -> None:
    await plan(database)
    await take(database)
    await publications.mark_unknown(database, *HERE, why=explained("?", "Look."), at=NOON)
    row = await publications.plan(database, ref(revision=2), "twitter", "e" * 64, LATER)

    assert (row.revision, row.state) == (1, S.UNKNOWN)


@pytest.mark.parametrize("before", [S.SENDING, S.UNKNOWN, S.REFUSED, S.ABANDONED])
async def test_evidence_that_it_went_out_wins(database: Database, before: S) -> None:
    await plan(database)
    await take(database)
    if before is S.UNKNOWN:
        await publications.mark_unknown(database, *HERE, why=explained("?"), at=NOON)
    elif before is S.REFUSED:
        await publications.refuse(database, *HERE, why=explained("no"), at=NOON)
    elif before is S.ABANDONED:
        await publications.mark_unknown(database, *HERE, why=explained("?"), at=NOON)
        await publications.settle_state(database, *HERE, S.ABANDONED, explained("gave up"), NOON)

    row = await publications.accept(database, *HERE, RECEIPT, LATER)

    assert (row.state, row.receipt) == (S.ACCEPTED, RECEIPT)


@pytest.mark.parametrize("to", [S.PLANNED, S.REFUSED, S.UNKNOWN, S.SUPERSEDED, S.ABANDONED])
async def test_what_was_accepted_is_never_believed_otherwise(database: Database, to: S) -> None:
    await plan(database)
    await take(database)
    await publications.accept(database, *HERE, RECEIPT, LATER)

    row = await publications.settle_state(database, *HERE, to, explained("a late thought"), LATER)

    assert row.state is S.ACCEPTED


async def test_the_first_receipt_stays(database: Database) -> None:
    await plan(database)
    await take(database)
    await publications.accept(database, *HERE, RECEIPT, LATER)
    row = await publications.accept(database, *HERE, Receipt(id="msg-2", at=LATER), LATER)

    assert row.receipt == RECEIPT


async def test_a_post_that_was_taken_back_stays_taken_back(database: Database) -> None:
    await plan(database)
    await take(database)
    await publications.accept(database, *HERE, RECEIPT, LATER)
    await publications.settle_state(database, *HERE, S.WITHDRAWN, explained("taken down"), LATER)
    row = await publications.accept(database, *HERE, RECEIPT, LATER)

    assert row.state is S.WITHDRAWN


async def test_a_withdrawal_waits_for_what_is_on_its_way(database: Database) -> None:
    await plan(database)
    await take(database)
    row = await publications.withdraw(database, *HERE, LATER)

    assert row.state is S.SENDING


async def test_what_is_on_its_way_cannot_be_declared_unsent(database: Database) -> None:
    await plan(database)
    await take(database)
    row = await publications.settle_state(
        database, *HERE, S.PLANNED, explained("I think not"), LATER
    )

    assert row.state is S.SENDING


async def test_a_person_may_release_an_unknown_publication(database: Database) -> None:
    await plan(database)
    await take(database)
    await publications.mark_unknown(database, *HERE, why=explained("?", "Look."), at=NOON)
    seen = explained("not on the page")
    await publications.did_not_go_out(database, *HERE, S.PLANNED, seen, LATER)

    assert await take(database, attempt=2)


async def uncertain(database: Database) -> None:
    """An attempt whose answer was lost, and that no look has seen."""
    await plan(database)
    await take(database)
    await publications.mark_unknown(database, *HERE, why=explained("?", "Look."), at=NOON)
    row = await publications.not_seen(database, *HERE, 1, NOON)
    assert (row.state, row.uncertain_since) == (S.PLANNED, NOON)


async def test_after_a_lost_answer_nobody_may_send_without_a_look(database: Database) -> None:
    await uncertain(database)

    assert not await take(database, attempt=2)
    looked = await publications.reserve(database, *HERE, DIGEST, LATER, 2, looked=True)
    assert looked.reserved


async def test_after_a_lost_answer_nothing_is_refused_or_called_off_without_a_look(
    database: Database,
) -> None:
    await uncertain(database)
    assert (await publications.withdraw(database, *HERE, LATER)).state is S.PLANNED
    await publications.reserve(database, *HERE, DIGEST, LATER, 2, looked=True)

    refused = await publications.refuse(database, *HERE, why=explained("no"), at=LATER, attempt=2)

    assert refused.state is S.SENDING
    assert refused.uncertain_since == NOON


async def test_the_moment_from_which_to_look_is_the_first_attempts_by_the_right_clock(
    database: Database,
) -> None:
    await plan(database)
    await take(database)
    before = NOON - timedelta(minutes=3)

    row = await publications.mark_unknown(
        database, *HERE, why=explained("?"), at=NOON, since=before
    )

    assert row.uncertain_since == before


async def test_a_later_revision_does_not_take_over_what_is_uncertain(database: Database) -> None:
    await uncertain(database)

    row = await publications.plan(database, ref(revision=2), "twitter", DIGEST, LATER)

    assert row.revision == 1


async def test_the_record_says_why_and_what_next(database: Database) -> None:
    await plan(database)
    await take(database)
    await publications.refuse(
        database, *HERE, why=explained("Credits are used up.", "Top them up."), at=LATER
    )

    [row] = await publication_rows.rows(database, "buffer-saturday")

    assert (row.state, row.explanation, row.updated_at) == (
        S.REFUSED,
        explained("Credits are used up.", "Top them up."),
        LATER,
    )


async def test_publishing_what_was_never_planned_is_refused_in_words(database: Database) -> None:
    with pytest.raises(DomainError, match="no plan of message 1 on twitter"):
        await publications.reserve(database, *HERE, DIGEST, NOON, 1)


async def test_a_post_on_record_is_that_of_one_message_on_one_channel(database: Database) -> None:
    await plan(database)
    await take(database)
    await publications.accept(database, *HERE, RECEIPT, LATER)

    asked = {
        "its own": (ref(), "twitter", RECEIPT.id),
        "another revision's": (ref(revision=2), "twitter", RECEIPT.id),
        "another post": (ref(number=2), "twitter", "msg-2"),
        "another channel's": (ref(number=2), "facebook", RECEIPT.id),
        "another message's": (ref(number=2), "twitter", RECEIPT.id),
        "another incident's": (ref("buffer-sunday"), "twitter", RECEIPT.id),
    }
    found = {
        what for what, one in asked.items() if await publication_rows.is_anothers(database, *one)
    }
    assert found == {"another message's", "another incident's"}


async def test_an_attempt_that_slept_while_a_later_one_was_made_does_not_send(
    database: Database,
) -> None:
    await plan(database)
    await take(database, attempt=3)
    await publications.nothing_went_out(database, *HERE, 3, LATER)

    assert not await take(database, attempt=2)
    assert await take(database, attempt=4)
