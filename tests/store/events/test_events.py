"""What the provider tells afterwards: doubled, late, early, in any order."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.delivery_events import DeliveryEvent
from domain.ids import publication_key
from domain.publication import DeliveryState, PublicationState
from store.audit.deliveries import accepted_deliveries
from store.broadcasts import addressees, batch_outcomes, batches, broadcasts
from store.events import events
from store.events.events import Recorded
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
    states,
)

D = DeliveryState

KEY = publication_key(ref(), "email", "customers")


async def test_an_event_moves_its_delivery(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await send(database, broadcast, 1)
    await events.record(database, [event(broadcast, 4)])

    assert await states(database, broadcast) == {"accepted": 9, "delivered": 1}


async def test_the_same_event_again_changes_nothing(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await send(database, broadcast, 1)
    await events.record(database, [event(broadcast, 4)])

    again = await events.record(database, [event(broadcast, 4), event(broadcast, 4)])

    assert again == Recorded(new=0, duplicate=2, unknown=0)
    assert await states(database, broadcast) == {"accepted": 9, "delivered": 1}


async def test_two_receivers_of_the_same_events_count_them_once(
    database: Database, second: Database
) -> None:
    broadcast = await have_broadcast(database, size=50, batch_size=5)
    told = [event(broadcast, n, batch=(n + 4) // 5) for n in range(1, 51)]

    recorded = await asyncio.gather(
        *(
            events.record(db, list(order))
            for db, order in zip(
                itertools.cycle([database, second]), [told, told[::-1]] * 4, strict=False
            )
        )
    )

    assert sum(one.new for one in recorded) == 50
    assert await states(database, broadcast) == {"delivered": 50}


async def test_a_late_weaker_event_does_not_move_a_delivery_back(database: Database) -> None:
    broadcast = await have_broadcast(database, size=1)
    await events.record(database, [event(broadcast, 1, D.DELIVERED)])
    await events.record(database, [event(broadcast, 1, D.PROCESSED)])

    assert await states(database, broadcast) == {"delivered": 1}


async def test_an_event_may_be_faster_than_the_answer(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    await events.record(database, [event(broadcast, 4)])

    await batches.accept_batch(database, broadcast.id, 1, RECEIPT, LATER)

    assert await states(database, broadcast) == {"accepted": 9, "delivered": 1}


async def test_one_event_settles_its_whole_batch(database: Database) -> None:
    broadcast = await have_broadcast(database, size=30)
    await lose_answer(database, broadcast, 1)
    await lose_answer(database, broadcast, 2)
    await events.record(database, [event(broadcast, 4, D.PROCESSED)])

    settled = await batch_outcomes.settle_by_events(database, broadcast.id)

    assert (settled.batches, settled.accepted) == (1, 9)
    assert await states(database, broadcast) == {
        "planned": 10,
        "unknown": 10,
        "accepted": 9,
        "processed": 1,
    }


async def test_a_proven_batch_is_never_released_to_be_sent_again(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await lose_answer(database, broadcast, 1)
    await events.record(database, [event(broadcast, None, D.PROCESSED)])

    row = await batch_outcomes.release_batch(database, broadcast.id, 1)

    assert row.state is PublicationState.UNKNOWN


async def test_proof_that_comes_after_the_release_stops_the_second_sending(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=10)
    await lose_answer(database, broadcast, 1)
    await batch_outcomes.release_batch(database, broadcast.id, 1)
    await events.record(database, [event(broadcast, 4, D.PROCESSED)])

    again = await batches.reserve_batch(database, broadcast.id, 1, DIGEST, LATER)

    assert (again.reserved, again.row.state) == (False, PublicationState.ACCEPTED)


async def test_a_hard_bounce_is_never_written_to_again(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await events.record(database, [event(broadcast, 4, D.BOUNCED, reason="bounce")])

    assert await suppressions.is_suppressed(database, address(4))


async def test_a_full_mailbox_is_tried_again_next_time(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await events.record(database, [event(broadcast, 4, D.BOUNCED, reason="blocked")])

    assert not await suppressions.is_suppressed(database, address(4))
    assert await states(database, broadcast) == {"planned": 9, "bounced": 1}


async def test_events_that_come_before_their_broadcast_are_applied_to_it(
    database: Database,
) -> None:
    await have_audience(database, 10)
    cut = await audiences.cut(database, "customers")
    early = await events.record(database, [event(KEY, 4)])

    broadcast = await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON)

    assert early == Recorded(new=0, duplicate=0, unknown=1)
    assert await states(database, broadcast) == {"planned": 9, "delivered": 1}


async def test_events_about_other_peoples_mail_are_not_ours(database: Database) -> None:
    strange = DeliveryEvent(id="x", kind=D.DELIVERED, at=LATER, batch_key="newsletter-7")

    recorded = await events.record(database, [strange])

    assert recorded == Recorded(new=0, duplicate=0, unknown=1)


async def test_an_event_about_a_recipient_that_is_not_there_is_harmless(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=10)
    await events.record(database, [event(broadcast, 999, batch=100)])

    assert await states(database, broadcast) == {"planned": 10}


async def test_somebody_withheld_whose_mail_turns_out_to_have_left_is_counted_once(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=2)
    await lose_answer(database, broadcast, 1)
    await suppressions.add(database, address(1), "asked", None, "console", NOON)
    await addressees.addressees(database, broadcast.id, 1)

    await events.record(database, [event(broadcast, 1)])

    assert await states(database, broadcast) == {"delivered": 1, "unknown": 1}


async def test_the_audit_lists_everything_that_went_out_and_nothing_else(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, size=20)
    await send(database, broadcast, 1)
    await events.record(database, [event(broadcast, 4, D.BOUNCED)])
    await batches.refuse_deliveries(database, broadcast.id, [15], "no")

    listed = {one.key: one.state async for one in accepted_deliveries(database, "buffer-saturday")}

    assert listed == {
        f"{broadcast.key}.{n}": D.BOUNCED if n == 4 else D.ACCEPTED for n in range(1, 11)
    }


_runs = itertools.count()
_told = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from([D.PROCESSED, D.DELIVERED, D.DROPPED, D.BOUNCED]),
    ),
    min_size=1,
    max_size=20,
)


@given(told=_told, data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_events_end_in_the_same_states_in_whatever_order_they_come(
    database: Database, told: Sequence[tuple[int, DeliveryState]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*told, *told[: len(told) // 2]]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(shuffled)), max_size=3)))
    broadcast = await have_broadcast(
        database, 6, 2, incident=f"run-{next(_runs)}", audience="the-same-six"
    )
    await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)

    for start, end in itertools.pairwise([0, *cuts, len(shuffled)]):
        part = [event(broadcast, n, kind, batch=(n + 1) // 2) for n, kind in shuffled[start:end]]
        await events.record(database, part)

    expected = {
        n: max((k for m, k in told if m == n), key=lambda k: k.rank, default=None)
        for n in range(1, 7)
    }
    counts = await states(database, broadcast)
    for kind in (D.PROCESSED, D.DELIVERED, D.DROPPED, D.BOUNCED):
        assert counts.get(kind.value, 0) == list(expected.values()).count(kind)
