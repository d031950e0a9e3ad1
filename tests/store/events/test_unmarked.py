"""Events that have an address and no mark of ours still say something about that address."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.delivery_events import HARD_BOUNCE, DeliveryEvent
from domain.message import MessageClass
from domain.publication import DeliveryState
from domain.suppression import Preference
from store.events import events
from store.events.events import Recorded
from store.kernel.database import Database
from store.people import suppression_list, suppressions
from tests.store.world import NOON, address, event, have_broadcast, states

ANN = "Ann@Example.com"


def bounce(name: str = "e1", address: str | None = ANN) -> DeliveryEvent:
    return DeliveryEvent(
        name, DeliveryState.BOUNCED, NOON, reason_code=HARD_BOUNCE, address=address
    )


async def test_a_bounce_is_entered_once(database: Database) -> None:
    first = await events.record(database, [bounce(), bounce(), bounce("e2", "ann@example.com")])
    again = await events.record(database, [bounce()])
    [entry] = [one async for one in suppression_list.entries(database)]
    assert first == Recorded(new=2, duplicate=1, unknown=0)
    assert again == Recorded(new=0, duplicate=1, unknown=0)
    assert (entry.mailbox, entry.reason, entry.message_class) == ("ann@example.com", "bounced", "")


@pytest.mark.parametrize("preference", [Preference.COMPLAINED, Preference.UNSUBSCRIBED])
async def test_who_does_not_want_mail_still_hears_of_danger(
    database: Database, preference: Preference
) -> None:
    await events.record(database, [bounce()._replace(kind=preference, reason_code=None)])
    assert await suppressions.is_suppressed(database, ANN, MessageClass.GOODWILL)
    assert not await suppressions.is_suppressed(database, ANN, MessageClass.SAFETY)


async def test_marks_that_are_not_ours_leave_the_address(database: Database) -> None:
    strange = bounce()._replace(batch_key="order-4711", delivery_key="line-2")
    recorded = await events.record(database, [strange])
    assert recorded == Recorded(new=1, duplicate=0, unknown=0)


async def test_what_a_person_took_off_stays_off(database: Database) -> None:
    await events.record(database, [bounce()])
    await suppression_list.remove(
        database, ANN, who="sam", why="wrote to us", at=NOON + timedelta(hours=1)
    )
    await events.record(database, [bounce()])
    assert not await suppressions.is_suppressed(database, ANN)


async def test_no_address_and_no_mark_is_nothing(database: Database) -> None:
    recorded = await events.record(database, [bounce(address=None), bounce("e2", "nobody")])
    assert (recorded.new, await suppression_list.counts(database)) == (0, [])


async def test_numbers_beyond_the_columns_cost_no_other_event(database: Database) -> None:
    """PostgreSQL refused the whole transaction, each time it was delivered again."""
    broadcast = await have_broadcast(database, size=10)
    large = event(broadcast, 10**17, batch=10**11, attempt=10**6)
    recorded = await events.record(database, [large, event(broadcast, 4)])
    assert (recorded.new, (await states(database, broadcast))["delivered"]) == (1, 1)
    assert not await suppressions.is_suppressed(database, address(4))
