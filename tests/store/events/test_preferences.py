"""What recipients ask of the provider: complaints, unsubscribing, resubscribing, in any order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from domain.delivery_events import DeliveryEvent
from domain.ids import publication_key
from domain.message import MessageClass
from domain.publication import DeliveryState
from domain.suppression import Preference
from store.broadcasts import batch_outcomes, broadcasts
from store.broadcasts.broadcasts import BroadcastRow
from store.events import events
from store.kernel.database import Database
from store.people import audiences, suppression_list, suppressions
from tests.store.world import (
    DIGEST,
    NOON,
    address,
    event,
    have_audience,
    have_broadcast,
    ref,
    send,
    states,
)

GOODWILL, SAFETY = MessageClass.GOODWILL, MessageClass.SAFETY
HOUR = timedelta(hours=1)

KEY = publication_key(ref(), "email", "customers")


@pytest.fixture
async def mailed(database: Database) -> BroadcastRow:
    """Ten customers who have got a mail."""
    broadcast = await have_broadcast(database, size=10)
    await send(database, broadcast, 1)
    return broadcast


def said(
    broadcast: BroadcastRow, recipient: int, preference: Preference, at: datetime = NOON
) -> DeliveryEvent:
    told = event(broadcast, recipient, name=f"{preference}-{recipient}-{at}")
    return told._replace(kind=preference, at=at)


async def suppressed(database: Database, recipient: int) -> list[MessageClass]:
    return [
        one
        for one in MessageClass
        if await suppressions.is_suppressed(database, address(recipient), one)
    ]


@pytest.mark.parametrize("preference", [Preference.COMPLAINED, Preference.UNSUBSCRIBED])
async def test_who_does_not_want_our_mail_still_hears_of_danger(
    database: Database, mailed: BroadcastRow, preference: Preference
) -> None:
    await events.record(database, [said(mailed, 4, preference)])
    assert await suppressed(database, 4) == [GOODWILL]


async def test_a_hard_bounce_covers_everything(database: Database, mailed: BroadcastRow) -> None:
    bounce = event(mailed, 4, DeliveryState.BOUNCED, reason="bounce")
    await events.record(database, [bounce])
    assert await suppressed(database, 4) == [SAFETY, GOODWILL]


async def test_who_complains_has_got_the_mail(database: Database, mailed: BroadcastRow) -> None:
    await events.record(database, [said(mailed, 4, Preference.COMPLAINED)])
    assert await states(database, mailed) == {"accepted": 9, "delivered": 1}


async def test_a_complaint_proves_that_its_batch_went_out(database: Database) -> None:
    broadcast = await have_broadcast(database, size=10)
    await events.record(database, [said(broadcast, 4, Preference.COMPLAINED)])
    await batch_outcomes.settle_by_events(database, broadcast.id)
    assert await states(database, broadcast) == {"accepted": 9, "delivered": 1}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_last_word_counts_in_whatever_order_it_comes(
    database: Database, mailed: BroadcastRow, order: Sequence[int]
) -> None:
    """Unsubscribed, resubscribed, unsubscribed: one by one, each twice, in every order."""
    told = [
        said(mailed, 4, Preference.UNSUBSCRIBED, NOON),
        said(mailed, 4, Preference.RESUBSCRIBED, NOON + HOUR),
        said(mailed, 4, Preference.UNSUBSCRIBED, NOON + 2 * HOUR),
    ]
    for place in [*order, *order]:
        await events.record(database, [told[place]])
    assert await suppressed(database, 4) == [GOODWILL]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_who_came_back_is_written_to_again(
    database: Database, mailed: BroadcastRow, order: Sequence[int]
) -> None:
    told = [
        said(mailed, 4, Preference.UNSUBSCRIBED, NOON),
        said(mailed, 4, Preference.RESUBSCRIBED, NOON + HOUR),
    ]
    for place in [*order, *order]:
        await events.record(database, [told[place]])
    assert await suppressed(database, 4) == []


async def test_coming_back_at_the_provider_does_not_undo_our_own_link(
    database: Database, mailed: BroadcastRow
) -> None:
    await suppressions.add_recipient(database, 4, "unsubscribed", GOODWILL, "link", NOON)
    await events.record(database, [said(mailed, 4, Preference.RESUBSCRIBED, NOON + HOUR)])
    assert await suppressed(database, 4) == [GOODWILL]


async def test_coming_back_does_not_undo_a_complaint(
    database: Database, mailed: BroadcastRow
) -> None:
    """The complaint came after the unsubscription, and is what counts."""
    await events.record(database, [said(mailed, 4, Preference.UNSUBSCRIBED, NOON)])
    await events.record(database, [said(mailed, 4, Preference.COMPLAINED, NOON + HOUR)])
    await events.record(database, [said(mailed, 4, Preference.RESUBSCRIBED, NOON + 2 * HOUR)])
    assert await suppressed(database, 4) == [GOODWILL]


async def test_old_news_do_not_undo_what_a_person_decided(
    database: Database, mailed: BroadcastRow
) -> None:
    await events.record(database, [said(mailed, 4, Preference.UNSUBSCRIBED, NOON)])
    await suppression_list.remove(
        database, address(4), who="sam", why="wrote to us", at=NOON + 2 * HOUR
    )
    await events.record(database, [said(mailed, 4, Preference.UNSUBSCRIBED, NOON + HOUR)])
    before = await suppressed(database, 4)
    await events.record(database, [said(mailed, 4, Preference.UNSUBSCRIBED, NOON + 3 * HOUR)])
    assert (before, await suppressed(database, 4)) == ([], [GOODWILL])


async def test_preferences_that_come_before_their_broadcast_count(database: Database) -> None:
    await have_audience(database, 10)
    cut = await audiences.cut(database, "customers")
    early = event(KEY, 4)._replace(kind=Preference.COMPLAINED)
    await events.record(database, [early])
    await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON)
    assert await suppressed(database, 4) == [GOODWILL]


async def test_the_next_goodwill_mail_leaves_out_who_left_and_safety_does_not(
    database: Database, mailed: BroadcastRow
) -> None:
    await events.record(database, [said(mailed, 4, Preference.UNSUBSCRIBED)])
    counts = []
    for number, of in enumerate((GOODWILL, SAFETY), 2):
        cut = await audiences.cut(database, "customers-of-buffer-saturday", of)
        planned = await broadcasts.plan(
            database, ref(number=number), "email", cut, 10, DIGEST, NOON, message_class=of
        )
        counts.append((planned.planned, planned.suppressed))
    assert counts == [(9, 1), (10, 0)]
