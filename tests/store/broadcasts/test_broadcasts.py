"""A message to everybody: planned once, sent once, and to nobody who said no."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.errors import DomainError
from domain.explanation import explained
from domain.message import MessageClass
from domain.publication import DeliveryState, PublicationState, Receipt
from store.broadcasts import addressees, batch_outcomes, batches, broadcasts, progress
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.progress import BatchCounts, read_progress
from store.events import events
from store.kernel.database import Database
from store.people import audiences, suppressions
from tests.store.world import (
    DIGEST,
    LATER,
    NOON,
    RECEIPT,
    address,
    event,
    have_audience,
    have_broadcast,
    lose_answer,
    ref,
    send,
    sent_recipients,
    states,
)

S = PublicationState
MUCH_LATER = NOON + timedelta(hours=1)


async def suppress(db: Database, number: int, of: MessageClass | None = None) -> None:
    await suppressions.add(db, address(number), "unsubscribed", of, "console", NOON)


async def test_everybody_is_in_exactly_one_batch(database: Database) -> None:
    broadcast = await have_broadcast(database, size=25, batch_size=10)

    recipients = await sent_recipients(database, broadcast, [1, 2, 3])

    assert recipients == list(range(1, 26))


async def test_planning_again_gives_the_same_plan(database: Database, second: Database) -> None:
    await have_audience(database, 25)
    cut = await audiences.cut(database, "customers")

    plans = await asyncio.gather(
        *(
            broadcasts.plan(db, ref(), "email", cut, 10, DIGEST, NOON)
            for db in (database, second, database, second)
        )
    )

    assert plans == [plans[0]] * 4
    assert plans[0].planned == 25


async def test_whoever_joins_after_the_cut_gets_nothing(database: Database) -> None:
    await have_audience(database, 10)
    cut = await audiences.cut(database, "customers")
    await have_audience(database, 5, start=100)

    planned = await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON)

    assert (planned.planned, planned.suppressed) == (10, 0)


async def test_another_audience_gets_nothing(database: Database) -> None:
    await have_audience(database, 5, "partners", start=900)
    broadcast = await have_broadcast(database, size=10)

    assert broadcast.planned == 10


async def test_whoever_is_suppressed_before_planning_is_not_in_the_plan(
    database: Database,
) -> None:
    await suppress(database, 3)
    broadcast = await have_broadcast(database, size=10)

    assert (broadcast.planned, broadcast.suppressed) == (9, 1)


async def test_whoever_is_suppressed_after_planning_gets_nothing(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await suppress(database, 3)

    recipients = await send(database, broadcast, 1)

    assert 3 not in recipients
    assert await states(database, broadcast) == {"accepted": 9, "suppressed": 1}


async def test_no_more_goodwill_mail_still_means_safety_notices(database: Database) -> None:
    await suppress(database, 3, MessageClass.GOODWILL)

    goodwill = await have_broadcast(
        database, 10, incident="sorry", message_class=MessageClass.GOODWILL
    )
    safety = await have_broadcast(
        database, 10, incident="danger", message_class=MessageClass.SAFETY
    )

    assert (goodwill.planned, safety.planned) == (9, 10)


async def test_an_address_written_in_capitals_is_suppressed_all_the_same(
    database: Database,
) -> None:
    await suppressions.add(database, "Customer3@EXAMPLE.com", "asked", None, "console", NOON)
    broadcast = await have_broadcast(database, size=10)

    assert broadcast.planned == 9


async def test_whoever_unsubscribes_by_a_link_gets_no_more_of_these(database: Database) -> None:
    broadcast = await have_broadcast(database, size=2, message_class=MessageClass.GOODWILL)
    people = await addressees.addressees(database, broadcast.id, 1)
    await suppressions.add_recipient(
        database, people.ids[0], "unsubscribed", MessageClass.GOODWILL, "link", NOON
    )

    left = await addressees.addressees(database, broadcast.id, 1)

    assert list(left.ids) == [2]
    assert not await suppressions.is_suppressed(database, people.addresses[0], MessageClass.SAFETY)


async def test_a_link_of_nobody_unsubscribes_nobody(database: Database) -> None:
    with pytest.raises(DomainError, match="no longer in any audience"):
        await suppressions.add_recipient(database, 10**9, "unsubscribed", None, "link", NOON)


async def test_two_workers_at_once_and_only_one_may_send_a_batch(
    database: Database, second: Database
) -> None:
    broadcast = await have_broadcast(database, size=10)

    taken = await asyncio.gather(
        *(
            batches.reserve_batch(db, broadcast.id, 1, DIGEST, NOON)
            for db in [database, second] * 10
        )
    )

    assert [one.reserved for one in taken].count(True) == 1


async def test_stopping_while_a_worker_reserves_leaves_one_winner_for_each_batch(
    database: Database, second: Database
) -> None:
    broadcast = await have_broadcast(database, size=20, batch_size=1)

    *taken, stopped = await asyncio.gather(
        *(batches.reserve_batch(database, broadcast.id, n, DIGEST, NOON) for n in range(1, 21)),
        broadcasts.stop(second, broadcast.id, NOON),
    )

    assert sum(one.reserved for one in taken) + stopped == 20


async def test_a_stopped_broadcast_sends_no_further_batch(database: Database) -> None:
    broadcast = await have_broadcast(database, size=30)
    await send(database, broadcast, 1)
    await broadcasts.stop(database, broadcast.id, LATER)

    late = await batches.reserve_batch(database, broadcast.id, 2, DIGEST, LATER)

    assert not late.reserved
    assert await states(database, broadcast) == {"accepted": 10, "withdrawn": 20}


async def test_a_batch_is_not_sent_for_another_digest(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)

    taken = await batches.reserve_batch(database, broadcast.id, 1, "e" * 64, NOON)

    assert (taken.reserved, taken.row.state) == (False, S.PLANNED)


async def test_a_batch_that_did_not_go_out_is_sent_by_the_next_attempt(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=10)
    first = await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    await batch_outcomes.batch_nothing_went_out(
        database, broadcast.id, 1, 1, explained("It could not connect."), LATER
    )
    again = await batches.reserve_batch(database, broadcast.id, 1, DIGEST, LATER)

    assert (again.reserved, first.row.key, again.row.key) == (
        True,
        f"{broadcast.key}.1.1",
        f"{broadcast.key}.1.2",
    )


async def test_recipients_that_the_provider_refuses_do_not_hold_up_the_others(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=10)
    await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    await batches.refuse_deliveries(database, broadcast.id, [2, 7], "refused by the provider")

    rest = await addressees.addressees(database, broadcast.id, 1)
    await batches.accept_batch(database, broadcast.id, 1, RECEIPT, LATER)

    assert rest.ids == [1, 3, 4, 5, 6, 8, 9, 10]
    assert await states(database, broadcast) == {"accepted": 8, "refused": 2}


async def test_a_refused_batch_says_why(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    row = await batch_outcomes.refuse_batch(
        database,
        broadcast.id,
        1,
        1,
        explained("The sender is not verified.", "Verify it."),
        LATER,
    )

    assert row.state is S.REFUSED
    assert row.explanation == explained("The sender is not verified.", "Verify it.")
    assert await states(database, broadcast) == {"refused": 10, "refused_unsent": 10}


async def test_a_batch_that_was_refused_as_a_whole_is_taken_up_again_and_no_other(
    database: Database,
) -> None:
    """One of each kind: accepted, refused, unknown, called back unsent, and not begun."""
    broadcast = await have_broadcast(database, size=50)
    why = explained("The sender is not verified.", "Verify it.")
    for number in (1, 2, 3, 4):
        await batches.reserve_batch(database, broadcast.id, number, DIGEST, NOON)
    await batches.accept_batch(database, broadcast.id, 1, Receipt(id="m", at=NOON), NOON)
    await batches.refuse_deliveries(database, broadcast.id, [1], "bounced here before")
    await batch_outcomes.refuse_batch(database, broadcast.id, 2, 1, why, LATER)
    await batch_outcomes.mark_batch_unknown(database, broadcast.id, 3, 1, why, LATER)
    await batch_outcomes.batch_nothing_went_out(database, broadcast.id, 4, 1, why, LATER)

    assert await broadcasts.take_up_again(database, broadcast.id) == (2, 4)

    assert await batch_outcomes.planned_batches(database, broadcast.id) == (2, 4, 5)
    progress = await read_progress(database, broadcast.id)
    assert (progress.went_out, progress.refused, progress.unknown) == (9, 1, 10)


async def test_an_unknown_batch_waits_and_is_counted_as_unknown(database: Database) -> None:
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)

    [row] = await batch_outcomes.unknown_batches(database, broadcast.id)

    assert (row.number, row.attempt) == (1, 1)
    assert await states(database, broadcast) == {"planned": 10, "unknown": 10}


async def test_an_unknown_batch_is_released_only_when_its_window_has_closed(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await send(database, broadcast, 2)
    await events.record(database, [event(broadcast, 11, batch=2)])

    too_soon = await batch_outcomes.release_unknown(database, broadcast.id, NOON, 5, MUCH_LATER)
    in_time = await batch_outcomes.release_unknown(
        database, broadcast.id, NOON + timedelta(minutes=10), 5, MUCH_LATER
    )

    assert (too_soon, in_time) == ((), (1,))


async def test_a_batch_is_not_released_beyond_its_last_attempt(database: Database) -> None:
    broadcast = await have_broadcast(database, size=20)
    await lose_answer(database, broadcast, 1)
    await send(database, broadcast, 2)
    await events.record(database, [event(broadcast, 11, batch=2)])

    released = await batch_outcomes.release_unknown(
        database, broadcast.id, LATER, max_attempts=1, at=MUCH_LATER
    )

    assert released == ()


async def test_a_late_acceptance_wins_over_what_we_believed(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await lose_answer(database, broadcast, 1)

    row = await batches.accept_batch(database, broadcast.id, 1, RECEIPT, LATER)

    assert (row.state, row.receipt) == (S.ACCEPTED, RECEIPT)
    assert await states(database, broadcast) == {"accepted": 10}


async def test_accepting_twice_counts_once(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await send(database, broadcast, 1)
    await batches.accept_batch(database, broadcast.id, 1, RECEIPT, LATER)

    assert await states(database, broadcast) == {"accepted": 10}


async def test_progress_says_when_the_first_batch_was_accepted(database: Database) -> None:
    broadcast = await have_broadcast(database, size=20)
    await send(database, broadcast, 2)

    told = await read_progress(database, broadcast.id)

    assert (told.first_accepted_at, told.went_out, told.recipients) == (LATER, 10, 20)


async def test_a_range_is_told_apart_from_the_whole(database: Database) -> None:
    broadcast = await have_broadcast(database, size=60)
    for number in (1, 2, 3):
        await send(database, broadcast, number)
    await lose_answer(database, broadcast, 4)
    taken = await batches.reserve_batch(database, broadcast.id, 5, DIGEST, NOON)
    await batch_outcomes.refuse_batch(
        database, broadcast.id, 5, taken.row.attempt, explained("It said no.", "Ask."), LATER
    )
    await events.record(database, [event(broadcast, 11, DeliveryState.BOUNCED, batch=2)])

    told = await progress.range_progress(database, broadcast.id, 2, 4)

    assert told.here == BatchCounts(went_out=20, refused=0, bounced=1, unknown_batches=1)
    assert told.everywhere == BatchCounts(went_out=30, refused=10, bounced=1, unknown_batches=1)


@pytest.mark.parametrize("suppressed", [(), (1,), (3, 4, 5, 6), (20,), tuple(range(1, 21))])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 20, 21])
async def test_batches_are_full_but_the_last_and_hold_everybody_once(
    database: Database, batch_size: int, suppressed: tuple[int, ...]
) -> None:
    for number in suppressed:
        await suppress(database, number)
    # Somebody else's list, so that ids are not the numbers of customers.
    await have_audience(database, 7, "others")
    broadcast = await have_broadcast(database, size=20, batch_size=batch_size)

    rows = [
        await batches.find_batch(database, broadcast.id, number)
        for number in range(1, broadcast.batches + 1)
    ]
    people = [
        (await addressees.addressees(database, broadcast.id, row.number)).addresses for row in rows
    ]
    wanted = [address(number) for number in range(1, 21) if number not in suppressed]
    assert people == [wanted[at : at + batch_size] for at in range(0, len(wanted), batch_size)]
    assert [row.size for row in rows] == [len(batch) for batch in people]
    assert (broadcast.planned, broadcast.suppressed) == (len(wanted), len(suppressed))


async def test_an_edited_message_supersedes_what_was_planned_and_not_begun(
    database: Database,
) -> None:
    old = await have_broadcast(database, size=10)
    cut = await audiences.cut(database, "customers-of-buffer-saturday")
    await broadcasts.plan(database, ref(revision=2), "email", cut, 10, "e" * 64, LATER)

    taken = await batches.reserve_batch(database, old.id, 1, DIGEST, LATER)

    assert (taken.reserved, taken.row.state) == (False, S.SUPERSEDED)


async def test_an_edited_message_is_refused_once_the_earlier_one_has_begun(
    database: Database,
) -> None:
    old = await have_broadcast(database, size=20)
    await send(database, old, 1)
    cut = await audiences.cut(database, "customers-of-buffer-saturday")

    with pytest.raises(DomainError, match="has begun to go out"):
        await broadcasts.plan(database, ref(revision=2), "email", cut, 10, "e" * 64, LATER)

    # What is left of the earlier one still goes.
    assert await send(database, old, 2) == list(range(11, 21))


async def test_a_broadcast_to_an_unknown_audience_is_refused_in_words(database: Database) -> None:
    await have_audience(database, 1)
    cut = await audiences.cut(database, "customers")
    nobody = cut.model_copy(update={"name": "nobody"})

    with pytest.raises(DomainError, match="no audience 'nobody'"):
        await broadcasts.plan(database, ref(), "email", nobody, 10, DIGEST, NOON)


async def test_an_audience_of_nobody_makes_an_empty_broadcast(database: Database) -> None:
    await have_audience(database, 0)
    cut = await audiences.cut(database, "customers")

    planned = await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON)

    assert (planned.batches, await states(database, planned)) == (0, {})


async def test_a_batch_whose_people_all_left_is_closed_without_sending(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=2)
    await suppress(database, 1)
    await suppress(database, 2)
    await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    people = await addressees.addressees(database, broadcast.id, 1)
    await batches.close_empty_batch(database, broadcast.id, 1)

    assert (list(people.ids), await states(database, broadcast)) == ([], {"suppressed": 2})


async def test_somebody_in_two_audiences_of_a_message_gets_it_once(database: Database) -> None:
    await have_audience(database, 10)
    await have_audience(database, 10, "page", start=6)
    first = await audiences.cut(database, "customers")
    second = await audiences.cut(database, "page", before=[first])
    customers = await broadcasts.plan(database, ref(), "email", first, 4, DIGEST, NOON)
    page = await broadcasts.plan(database, ref(), "email", second, 4, DIGEST, NOON, before=[first])

    assert (first.count, second.count) == (10, 5)
    assert (customers.planned, customers.elsewhere) == (10, 0)
    assert (page.planned, page.elsewhere, page.suppressed) == (5, 5, 0)
    sent = [address for number in (1, 2) for address in await addresses_of(database, page, number)]
    assert sent == [address(number) for number in range(11, 16)]


async def test_somebody_suppressed_counts_once_in_two_audiences(database: Database) -> None:
    await have_audience(database, 3)
    await have_audience(database, 3, "page")
    await suppressions.add(database, address(2), "unsubscribed", None, "link", NOON)
    first = await audiences.cut(database, "customers")
    second = await audiences.cut(database, "page", before=[first])
    page = await broadcasts.plan(database, ref(), "email", second, 4, DIGEST, NOON, before=[first])

    assert (first.count, second.count) == (2, 0)
    assert (page.planned, page.elsewhere, page.suppressed, page.batches) == (0, 3, 0, 0)


async def test_two_audiences_of_one_revision_do_not_replace_each_other(database: Database) -> None:
    await have_audience(database, 4)
    await have_audience(database, 4, "page", start=5)
    plans = [
        await broadcasts.plan(
            database, ref(), "email", await audiences.cut(database, name), 4, DIGEST, NOON
        )
        for name in ("customers", "page")
    ]

    assert [row.audience for row in await broadcasts.broadcasts_of(database, ref())] == [
        "customers",
        "page",
    ]
    for broadcast in plans:
        assert await states(database, broadcast) == {"planned": 4}


async def addresses_of(db: Database, broadcast: BroadcastRow, number: int) -> list[str]:
    return (await addressees.addressees(db, broadcast.id, number)).addresses


async def test_batches_reach_from_the_first_of_an_audience_to_its_last(database: Database) -> None:
    # A batch reads its whole range of ids: from 1 on, those of every audience before this one.
    await have_audience(database, 50, name="earlier")
    await have_audience(database, 6, name="later", start=51)
    for left_out in (51, 52, 55, 56):
        await suppress(database, left_out)
    cut = await audiences.cut(database, "later")

    planned = await broadcasts.plan(database, ref(), "email", cut, 1, DIGEST, NOON)

    # Whoever is left out is in a batch too: what became of them is found there.
    rows = [await batches.find_batch(database, planned.id, number) for number in (1, 2)]
    assert [(row.first, row.last, row.size) for row in rows] == [(51, 53, 1), (54, 56, 1)]
    assert (planned.batches, planned.suppressed) == (2, 4)
