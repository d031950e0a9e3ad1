"""Subscribers of the status page: who they are, and which of them a message reaches."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.errors import DomainError
from domain.ids import SUBSCRIBERS
from domain.message import AudienceCut, MessageClass
from domain.subscribers import FORGOTTEN_AFTER, LINK_WORKS_FOR, MAILS_A_DAY, LinkInvalid
from store.broadcasts import broadcasts
from store.broadcasts.broadcasts import BroadcastRow
from store.kernel.database import Database
from store.people import (
    audiences,
    sign_ups,
    subscriber_list,
    subscribers,
    suppressions,
)
from store.people.audiences import AudienceRow
from store.people.subscriber_list import SubscribersImported
from store.people.subscribers import SubscribersChoice, SubscriptionState
from tests.store.world import DIGEST, NOON, address, have_audience, ref, sent_recipients, states

GOODWILL, SAFETY = MessageClass.GOODWILL, MessageClass.SAFETY
ALL = SubscribersChoice((), NOON)
SOON = NOON + timedelta(minutes=1)


async def subscribe(db: Database, who: str, *components: str, at: datetime = NOON) -> int:
    """Somebody who asked, and confirmed it."""
    nonce = f"nonce-{who}-{at.isoformat()}"[:32]
    assert await sign_ups.ask(db, who, components, nonce, at)
    return await sign_ups.confirm(db, nonce, at)


async def imported(db: Database, *people: AudienceRow) -> SubscribersImported:
    return await subscriber_list.import_confirmed(db, people, who="maya", why="", at=NOON)


async def planned(
    db: Database,
    choice: SubscribersChoice = ALL,
    message_class: MessageClass = SAFETY,
    before: tuple[AudienceCut, ...] = (),
) -> BroadcastRow:
    cut = await subscribers.cut(db, choice, message_class, before)
    assert cut is not None
    row = await broadcasts.plan(
        db, ref(), "email", cut, 2, DIGEST, SOON, None, message_class, before, choice
    )
    assert row.planned == cut.count
    return row


async def addresses_of(db: Database, row: BroadcastRow) -> list[str]:
    """Whose mail goes out."""
    people = await sent_recipients(db, row, range(1, row.batches + 1))
    return [(await subscribers.get(db, one)).address for one in people]


async def test_whoever_confirmed_gets_the_message_once(database: Database) -> None:
    await subscribe(database, "ann@example.com")
    await subscribe(database, "bob@example.com")
    await sign_ups.ask(database, "nobody@example.com", [], "never-confirmed", NOON)

    row = await planned(database)

    assert await addresses_of(database, row) == ["ann@example.com", "bob@example.com"]


async def test_without_a_confirmed_subscriber_there_is_nobody_to_tell(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)
    left = await subscribe(database, "bob@example.com")
    await subscribers.leave(database, left, NOON)

    assert await subscribers.cut(database, ALL, SAFETY) is None


async def test_whoever_subscribes_after_the_proposal_is_not_in_what_was_signed(
    database: Database,
) -> None:
    await subscribe(database, "ann@example.com")
    cut = await subscribers.cut(database, ALL, SAFETY)
    await subscribe(database, "late@example.com")

    assert cut is not None
    row = await broadcasts.plan(
        database, ref(), "email", cut, 10, DIGEST, SOON, None, SAFETY, (), ALL
    )

    assert await addresses_of(database, row) == ["ann@example.com"]


@pytest.mark.parametrize(
    ("touched", "told"),
    [
        ((), ["all@example.com", "api@example.com", "both@example.com", "web@example.com"]),
        (("API",), ["all@example.com", "api@example.com", "both@example.com"]),
        (("Web", "API"), ["all@example.com", "api@example.com", "both@example.com",
                          "web@example.com"]),
        (("Search",), ["all@example.com"]),
    ],
)  # fmt: skip
async def test_only_those_whom_it_concerns_are_told(
    database: Database, touched: tuple[str, ...], told: list[str]
) -> None:
    await subscribe(database, "all@example.com")
    await subscribe(database, "api@example.com", "API")
    await subscribe(database, "both@example.com", "API", "Web")
    await subscribe(database, "web@example.com", "Web")

    row = await planned(database, SubscribersChoice(touched, NOON))

    assert await addresses_of(database, row) == told
    assert row.elsewhere == 4 - len(told)


async def test_a_customer_who_subscribed_gets_one_mail(database: Database) -> None:
    await have_audience(database, 3)
    customers = await audiences.cut(database, "customers", SAFETY)
    await subscribe(database, address(2).upper().lower())
    await subscribe(database, "ann@example.com")

    row = await planned(database, before=(customers,))

    assert await addresses_of(database, row) == ["ann@example.com"]
    assert row.elsewhere == 1


async def test_a_customer_without_offers_still_gets_what_they_subscribed_to(
    database: Database,
) -> None:
    """Unsubscribing from one says nothing about the other."""
    await have_audience(database, 3)
    customers = await audiences.cut(database, "customers", GOODWILL)
    await subscribe(database, address(2))
    before = NOON - timedelta(days=1)
    await suppressions.add(database, address(2), "unsubscribed", GOODWILL, "link", before)

    row = await planned(database, message_class=GOODWILL, before=(customers,))

    assert await addresses_of(database, row) == [address(2)]


async def test_who_unsubscribes_from_the_very_offer_gets_no_second_mail(
    database: Database,
) -> None:
    """The offer may have been in their mailbox before the subscribers' mail was planned."""
    await have_audience(database, 3)
    customers = await audiences.cut(database, "customers", GOODWILL)
    await subscribe(database, address(2))
    await subscribe(database, "ann@example.com")
    await suppressions.add(database, address(2), "unsubscribed", GOODWILL, "link", SOON)

    row = await planned(database, message_class=GOODWILL, before=(customers,))

    assert await addresses_of(database, row) == ["ann@example.com"]


async def test_leaving_the_page_leaves_the_customer(database: Database) -> None:
    await have_audience(database, 2)
    await subscribers.leave(database, await subscribe(database, address(1)), NOON)

    assert (await audiences.cut(database, "customers", GOODWILL)).count == 2
    assert not await suppressions.is_suppressed(database, address(1))


@pytest.mark.parametrize("reason", ["bounced", "complained", "invalid", "requested"])
async def test_a_suppressed_address_is_left_out(database: Database, reason: str) -> None:
    await subscribe(database, "ann@example.com")
    await subscribe(database, "gone@example.com")
    await suppressions.add(database, "gone@example.com", reason, GOODWILL, "event", NOON)

    row = await planned(database)

    assert await addresses_of(database, row) == ["ann@example.com"]
    assert row.suppressed == 1


async def test_who_leaves_after_the_plan_gets_nothing(database: Database) -> None:
    await subscribe(database, "ann@example.com")
    leaver = await subscribe(database, "bob@example.com")
    row = await planned(database)
    await subscribers.leave(database, leaver, SOON)

    assert await addresses_of(database, row) == ["ann@example.com"]
    assert (await states(database, row))["suppressed"] == 1


async def test_who_is_forgotten_in_the_middle_gets_nothing_and_is_still_counted(
    database: Database,
) -> None:
    await subscribe(database, "ann@example.com")
    gone = await subscribe(database, "bob@example.com")
    row = await planned(database)
    await subscriber_list.forget(database, gone, SOON)

    assert await addresses_of(database, row) == ["ann@example.com"]
    assert await states(database, row) == {"accepted": 1, "suppressed": 1}


async def test_a_link_works_for_a_day(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)
    too_late = NOON + LINK_WORKS_FOR + timedelta(seconds=1)

    with pytest.raises(LinkInvalid, match="24 hours"):
        await sign_ups.confirm(database, "n", too_late)


async def test_asking_again_voids_the_link_before(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", ["API"], "first", NOON)
    await sign_ups.ask(database, "ANN@example.com", [], "second", SOON)

    with pytest.raises(LinkInvalid):
        await sign_ups.confirm(database, "first", SOON)
    known = await subscribers.get(database, await sign_ups.confirm(database, "second", SOON))
    assert known.components == ()


async def test_confirming_twice_is_confirming_once(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)
    first = await sign_ups.confirm(database, "n", NOON)
    await subscribers.leave(database, first, SOON)

    # An old page that is sent again subscribes nobody who has left meanwhile.
    assert await sign_ups.confirm(database, "n", SOON) == first
    assert (await subscribers.get(database, first)).state is SubscriptionState.UNSUBSCRIBED


async def test_an_unconfirmed_request_is_forgotten_after_a_week(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)

    assert await sign_ups.forget_old(database, NOON + FORGOTTEN_AFTER) == 0
    assert await sign_ups.forget_old(database, NOON + FORGOTTEN_AFTER + timedelta(seconds=1)) == 1
    assert (await subscriber_list.counts(database)).waiting == 0


async def test_one_address_gets_a_few_mails_a_day(database: Database) -> None:
    asked = [
        await sign_ups.ask(database, "ann@example.com", [], f"n{number}", NOON)
        for number in range(MAILS_A_DAY + 1)
    ]
    tomorrow = NOON + timedelta(days=1, seconds=1)

    assert asked == [*[True] * MAILS_A_DAY, False]
    assert await sign_ups.ask(database, "ann@example.com", [], "later", tomorrow)


async def test_importing_again_adds_nobody_and_brings_nobody_back(database: Database) -> None:
    leaver = await subscribe(database, "left@example.com")
    await subscribers.leave(database, leaver, NOON)
    people = [
        AudienceRow("ann@example.com", {"components": "API; Web"}),
        AudienceRow("left@example.com", {}),
    ]

    first, again = await imported(database, *people), await imported(database, *people)

    assert first == SubscribersImported(added=1, already_there=0, had_left=1)
    assert again == SubscribersImported(added=0, already_there=1, had_left=1)
    everybody = [one async for one in subscriber_list.everybody(database)]
    assert [(one.address, one.state.value, one.components) for one in everybody] == [
        ("left@example.com", "unsubscribed", ()),
        ("ann@example.com", "confirmed", ("API", "Web")),
    ]


async def test_forgetting_leaves_no_address_anywhere(database: Database) -> None:
    await subscribe(database, "ann@example.com", "API")
    await subscriber_list.forget_by_person(
        database, "Ann@example.com", who="sam", why="asked us to", at=SOON
    )

    assert [one async for one in subscriber_list.everybody(database)] == []
    with pytest.raises(DomainError, match="Nobody"):
        await subscriber_list.forget_by_person(
            database, "ann@example.com", who="sam", why="", at=SOON
        )


async def test_no_list_of_customers_has_the_name_of_the_subscribers(database: Database) -> None:
    with pytest.raises(DomainError, match="status page"):
        await audiences.import_rows(database, SUBSCRIBERS, [AudienceRow("a@example.com", {})])
