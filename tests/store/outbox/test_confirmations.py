"""The outbox of confirmation mails: each is sent at most once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from domain.message import MessageClass
from domain.publication import PublicationState
from store.kernel.database import Database
from store.outbox import confirmations
from store.people import sign_ups, subscriber_list, suppressions
from tests.store.world import NOON

SOON = NOON + timedelta(minutes=1)


async def test_of_two_workers_one_gets_the_mail(database: Database, second: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)

    taken = await asyncio.gather(
        *(confirmations.take(one, SOON) for one in (database, second, database))
    )

    assert sorted(one.address for one in taken if one) == ["ann@example.com"]


async def test_a_mail_that_nobody_reported_back_is_unknown_and_stays_unsent(
    database: Database,
) -> None:
    """The worker was killed between the entry and the answer."""
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)
    assert await confirmations.take(database, SOON)

    assert await confirmations.give_up_lost(database, SOON + timedelta(seconds=1)) == 1
    assert await confirmations.take(database, SOON + timedelta(hours=1)) is None
    assert (await subscriber_list.counts(database)).mails == {"unknown": 1}


async def test_what_certainly_did_not_go_out_is_sent_later(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)
    mail = await confirmations.take(database, SOON)
    assert mail is not None
    await confirmations.put_back(database, mail, SOON + timedelta(minutes=5), "no connection")

    assert await confirmations.take(database, SOON + timedelta(minutes=4)) is None
    again = await confirmations.take(database, SOON + timedelta(minutes=5))
    assert again is not None
    assert again.attempt == 2


async def test_the_mail_of_a_replaced_request_is_not_sent(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "first", NOON)
    await sign_ups.ask(database, "ann@example.com", [], "second", SOON)

    mail = await confirmations.take(database, SOON)
    assert mail is not None
    assert mail.nonce == "second"
    await confirmations.end(database, mail, PublicationState.ACCEPTED)
    assert await confirmations.take(database, SOON + timedelta(minutes=1)) is None


async def test_a_mail_later_than_its_link_works_is_not_sent(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)

    assert await confirmations.take(database, NOON + timedelta(hours=25)) is None
    assert (await subscriber_list.counts(database)).mails == {"superseded": 1}


async def test_whoever_is_subscribed_gets_another_mail(database: Database) -> None:
    await sign_ups.ask(database, "ann@example.com", [], "n", NOON)
    known = await sign_ups.confirm(database, "n", NOON)
    await sign_ups.ask(database, "Ann@example.com", [], "again", SOON)

    mail = await confirmations.take(database, SOON)

    assert mail is not None
    assert mail.subscriber == known


async def test_a_suppressed_address_is_said_to_be(database: Database) -> None:
    await suppressions.add(database, "ann@example.com", "bounced", None, "event", NOON)
    await suppressions.add(
        database, "bob@example.com", "unsubscribed", MessageClass.GOODWILL, "link", NOON
    )
    await sign_ups.ask(database, "ann@example.com", [], "a", NOON)
    await sign_ups.ask(database, "bob@example.com", [], "b", SOON)

    found = [await confirmations.take(database, SOON) for _ in range(2)]

    assert [(one.address, one.suppressed) for one in found if one] == [
        ("ann@example.com", True),
        ("bob@example.com", False),
    ]
