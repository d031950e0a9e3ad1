"""What somebody says of mail to subscribers concerns the subscription, and the other way round."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.delivery_events import HARD_BOUNCE, DeliveryEvent
from domain.ids import SUBSCRIBERS, delivery_key, publication_key
from domain.message import MessageClass
from domain.publication import DeliveryState
from domain.suppression import Preference
from store.broadcasts import broadcasts
from store.broadcasts.broadcasts import BroadcastRow
from store.events import events
from store.kernel.database import Database
from store.people import audiences, sign_ups, subscribers, suppressions
from store.people.audiences import AudienceRow
from store.people.subscribers import SubscribersChoice, SubscriptionState
from tests.store.world import DIGEST, LATER, NOON, ref

ANN = "ann@example.com"
GOODWILL, SAFETY = MessageClass.GOODWILL, MessageClass.SAFETY
HOUR = timedelta(hours=1)
ALL = SubscribersChoice((), NOON)


class Ann:
    """Who is a customer and a subscriber, and has had a mail as each of them."""

    def __init__(self, db: Database, customer: BroadcastRow, subscriber: BroadcastRow) -> None:
        self._db = db
        self._as = {"customer": (customer, 1), "subscriber": (subscriber, 2)}

    async def says(
        self, what: Preference | DeliveryState, of_mail_as: str, *, after: timedelta = HOUR
    ) -> None:
        broadcast, recipient = self._as[of_mail_as]
        key = delivery_key(broadcast.key, recipient)
        reason = HARD_BOUNCE if what is DeliveryState.BOUNCED else None
        event = DeliveryEvent(
            f"{of_mail_as}-{what}-{after}", what, NOON + after, None, key, reason, ANN
        )
        await events.record(self._db, [event])

    async def is_written_to(self) -> dict[str, bool]:
        """By which mail she can be reached now."""
        subscribed = await subscribers.cut(self._db, ALL, SAFETY)
        return {
            "goodwill": not await suppressions.is_suppressed(self._db, ANN, GOODWILL),
            "safety": not await suppressions.is_suppressed(self._db, ANN, SAFETY),
            "page": subscribed is not None,
        }

    async def subscription(self) -> SubscriptionState:
        return (await subscribers.get(self._db, 2)).state


@pytest.fixture
async def ann(database: Database) -> Ann:
    await audiences.import_rows(database, "customers", [AudienceRow(ANN, {})])
    await sign_ups.ask(database, ANN, [], "n", NOON)
    assert await sign_ups.confirm(database, "n", NOON) == 2
    cut = await audiences.cut(database, "customers")
    mailed = [
        await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, LATER, None, GOODWILL)
    ]
    told = await subscribers.cut(database, ALL, SAFETY)
    assert told is not None
    mailed.append(
        await broadcasts.plan(
            database, ref(number=2), "email", told, 10, DIGEST, LATER, None, SAFETY, (), ALL
        )
    )
    assert mailed[1].key == publication_key(ref(number=2), "email", SUBSCRIBERS)
    return Ann(database, *mailed)


async def test_unsubscribing_at_the_provider_from_the_page_leaves_the_customer(ann: Ann) -> None:
    """It used to suppress goodwill mail to the same person as a customer."""
    await ann.says(Preference.UNSUBSCRIBED, "subscriber")

    assert await ann.is_written_to() == {"goodwill": True, "safety": True, "page": False}
    assert await ann.subscription() is SubscriptionState.UNSUBSCRIBED


async def test_unsubscribing_at_the_provider_as_a_customer_leaves_the_page(ann: Ann) -> None:
    await ann.says(Preference.UNSUBSCRIBED, "customer")

    assert await ann.is_written_to() == {"goodwill": False, "safety": True, "page": True}


async def test_a_complaint_about_mail_to_subscribers_ends_that_and_counts_as_any(ann: Ann) -> None:
    await ann.says(Preference.COMPLAINED, "subscriber")

    assert await ann.is_written_to() == {"goodwill": False, "safety": True, "page": False}
    # Also when a person takes the address off the suppressions: only Ann can subscribe again.
    assert await ann.subscription() is SubscriptionState.UNSUBSCRIBED


async def test_a_complaint_as_a_customer_stops_mail_to_subscribers(ann: Ann) -> None:
    await ann.says(Preference.COMPLAINED, "customer")

    assert await ann.is_written_to() == {"goodwill": False, "safety": True, "page": False}
    assert await ann.subscription() is SubscriptionState.CONFIRMED


async def test_nothing_reaches_an_address_that_is_dead(ann: Ann) -> None:
    await ann.says(DeliveryState.BOUNCED, "subscriber")

    assert await ann.is_written_to() == {"goodwill": False, "safety": False, "page": False}


async def test_coming_back_to_one_audience_is_not_coming_back_to_the_other(ann: Ann) -> None:
    await ann.says(Preference.UNSUBSCRIBED, "customer")
    await ann.says(Preference.UNSUBSCRIBED, "subscriber")
    await ann.says(Preference.RESUBSCRIBED, "subscriber", after=2 * HOUR)

    # Nor is somebody subscribed to the page who did not confirm it there.
    assert await ann.is_written_to() == {"goodwill": False, "safety": True, "page": False}


async def test_old_news_end_no_subscription_that_was_confirmed_since(
    ann: Ann, database: Database
) -> None:
    await sign_ups.ask(database, ANN, [], "again", NOON + 2 * HOUR)
    await sign_ups.confirm(database, "again", NOON + 2 * HOUR)

    await ann.says(Preference.UNSUBSCRIBED, "subscriber")
    await ann.says(Preference.COMPLAINED, "subscriber")

    assert await ann.subscription() is SubscriptionState.CONFIRMED
