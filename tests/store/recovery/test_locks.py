"""What a locked incident may not do, and how it is noticed that the ledger is an earlier copy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from domain.ledger import BegunAttempt, KnownLedger, behind
from domain.publication import Destination, Outcome, PublicationState, Receipt
from domain.timeline import RecordHead, TimelineEntry
from store.broadcasts import batches
from store.kernel.database import Database
from store.record import publication_rows, publications, timeline
from store.recovery import doubts, locks
from store.recovery.generations import begin_generation, generation
from store.recovery.standing import what_lacks, why_behind
from tests.sealing import KEY
from tests.store.world import DIGEST, LATER, NOON, RECEIPT, have_broadcast, lose_answer, ref, send

S = PublicationState
SLUG = ref().incident
WHY = behind(SLUG, "It is an earlier copy.")
MAIL = Destination(channel="email", audience=f"customers-of-{SLUG}")
POST = Destination(channel="twitter")


async def test_no_batch_is_handed_out_while_its_incident_is_locked(database: Database) -> None:
    broadcast = await have_broadcast(database, 20)
    await locks.lock(database, SLUG, WHY)
    refused = await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    assert (refused.reserved, refused.row.state) == (False, S.PLANNED)
    await locks.unlock(database, SLUG)
    assert (await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)).reserved


async def test_no_post_is_handed_out_while_its_incident_is_locked(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await locks.lock(database, SLUG, WHY)
    refused = await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    assert (refused.reserved, refused.row.state) == (False, S.PLANNED)
    await locks.unlock(database, SLUG)
    assert (await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)).reserved


async def test_a_lock_on_one_incident_keeps_no_other_back(database: Database) -> None:
    broadcast = await have_broadcast(database, 20, incident="another")
    await locks.lock(database, SLUG, WHY)
    assert (await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)).reserved


async def test_the_first_reason_of_a_lock_stays_until_it_is_locked_anew(
    database: Database,
) -> None:
    await locks.lock(database, SLUG, WHY)
    await locks.note_compared(database, SLUG, "k1")
    await locks.lock(database, SLUG, behind(SLUG, "Another reason."))
    assert [one.why for one in await locks.all_locks(database)] == [WHY]
    assert await locks.compared(database, SLUG) == {"k1"}
    async with database.write() as connection:
        await locks.lock_anew(connection, SLUG, behind(SLUG, "Restored."))
    assert await locks.compared(database, SLUG) == set()


async def test_a_ledger_has_one_generation_until_it_is_restored(database: Database) -> None:
    first = await generation(database)
    assert await generation(database) == first
    async with database.write() as connection:
        fresh = await begin_generation(connection, database)
    assert fresh != first
    assert await generation(database) == fresh


@dataclass
class Case:
    """What is known of a ledger with entries 1 to 3, two batches and an attempt at a post."""

    known: KnownLedger
    place: Destination
    lacks: str | None


@pytest.mark.parametrize(
    "case",
    [
        Case(KnownLedger(), MAIL, None),
        Case(KnownLedger(record=RecordHead(entries=4)), MAIL, "has 3 of the 4 entries"),
        Case(KnownLedger(record=RecordHead(entries=2)), MAIL, "has another entry 2"),
        Case(KnownLedger(newest=BegunAttempt(number=2, attempt=1)), MAIL, None),
        Case(KnownLedger(newest=BegunAttempt(number=2, attempt=2)), MAIL, "forgotten batch 2"),
        Case(KnownLedger(newest=BegunAttempt(number=3, attempt=1)), MAIL, "forgotten batch 3"),
        Case(KnownLedger(newest=BegunAttempt(attempt=1)), POST, None),
        Case(KnownLedger(newest=BegunAttempt(attempt=2)), POST, "forgotten attempt 2"),
        Case(KnownLedger(generation="another"), POST, "not the one in which it was kept"),
    ],
    ids=lambda case: f"{case.place.key}-{case.known.model_dump_json(exclude_defaults=True)}",
)
async def test_what_a_ledger_lacks_is_named(database: Database, case: Case) -> None:
    broadcast = await have_broadcast(database, 30)
    await send(database, broadcast, 1)
    await send(database, broadcast, 2)
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    entries = [TimelineEntry(seq=n, at=NOON, what="joined", who="noor") for n in (1, 2, 3)]
    done = await timeline.append(database, KEY, SLUG, entries)
    assert await what_lacks(database, SLUG, KnownLedger(record=done.head)) is None

    why = await what_lacks(database, SLUG, case.known, ref(), case.place)

    assert (why is None) == (case.lacks is None)
    assert why is None or (case.lacks or "") in why.what


async def test_whatever_is_known_a_locked_incident_stays_behind(database: Database) -> None:
    await locks.lock(database, SLUG, WHY)
    assert await why_behind(database, SLUG, KnownLedger()) == WHY
    assert await what_lacks(database, SLUG, KnownLedger()) is None


async def test_what_was_handed_out_and_is_not_accepted_is_in_doubt_and_the_rest_is_not(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, 50)
    await send(database, broadcast, 1)
    await lose_answer(database, broadcast, 2)
    assert await doubts.doubt_batches(database, broadcast.id, 4, NOON) == 2
    assert await doubts.numbers_of_unknown(database, broadcast.id) == [2, 3, 4]
    rows = [await batches.find_batch(database, broadcast.id, number) for number in (1, 3, 5)]
    assert [(row.state, row.attempt) for row in rows] == [
        (S.ACCEPTED, 1),
        (S.UNKNOWN, 1),
        (S.PLANNED, 0),
    ]


def outcome(state: PublicationState, **more: object) -> Outcome:
    return Outcome.at(POST, state).model_copy(update=more)


async def test_a_post_that_the_ledger_has_forgotten_is_entered_as_its_incident_knows_it(
    database: Database,
) -> None:
    known = outcome(S.ACCEPTED, receipt=RECEIPT, begun=BegunAttempt(attempt=2))
    assert await doubts.enter_post(database, ref(), DIGEST, known, NOON, LATER) == RECEIPT
    row = await publication_rows.find(database, ref(), "twitter")
    assert row is not None
    assert (row.state, row.attempt, row.uncertain) == (S.ACCEPTED, 2, False)


async def test_a_post_that_nobody_knows_of_stays_uncertain(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await doubts.enter_post(database, ref(), DIGEST, outcome(S.UNKNOWN), NOON, LATER)
    row = await publication_rows.find(database, ref(), "twitter")
    assert row is not None
    assert (row.state, row.uncertain_since) == (S.UNKNOWN, NOON)


async def test_a_receipt_that_the_ledger_has_outlives_a_doubt(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await publications.accept(database, ref(), "twitter", RECEIPT, NOON)
    kept = await doubts.enter_post(database, ref(), DIGEST, outcome(S.UNKNOWN), NOON, LATER)
    row = await publication_rows.find(database, ref(), "twitter")
    assert row is not None
    assert (kept, row.state) == (RECEIPT, S.ACCEPTED)


async def test_a_post_that_was_taken_down_since_is_not_public_again(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await publications.accept(database, ref(), "twitter", RECEIPT, NOON)
    known = outcome(S.WITHDRAWN, receipt=Receipt(id="msg-1", at=NOON))
    await doubts.enter_post(database, ref(), DIGEST, known, NOON, LATER)
    row = await publication_rows.find(database, ref(), "twitter")
    assert row is not None
    assert row.state is S.WITHDRAWN
