"""Goodwill mail carries each recipient's own way out; a safety notice carries none."""

from __future__ import annotations

import pytest
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from channels.batch import Addressee
from domain.message import Document, MessageClass
from domain.unsubscribe import PATH, UnsubscribeLinks, UnsubscribeRequest, read_unsubscribe_token
from store.kernel.database import Database
from tests.activities.mail import SECRET, Mailer, approved, customers, goodwill, letter
from tests.sealing import gates

LINKS = UnsubscribeLinks("https://mail.example.com", SECRET)
START = f"https://mail.example.com{PATH}/"


async def sent(
    ledger: Database, document: Document, links: UnsubscribeLinks | None
) -> list[Addressee]:
    """Everybody whom a worker with these links wrote to."""
    mailer = Mailer()
    post = await approved(ledger, mailer, document)
    activities = BroadcastActivities(ledger, {"email": mailer}, gates(ledger), SECRET, links)
    await ActivityEnvironment().run(activities.send_batches, post.order())
    return [one for batch in mailer.book for one in batch.addressees]


async def test_each_recipient_of_goodwill_mail_has_a_link_of_their_own(ledger: Database) -> None:
    people = await sent(ledger, goodwill(await customers(ledger, 12)), LINKS)
    left = [
        read_unsubscribe_token(SECRET, one.values["unsubscribe_url"].removeprefix(START))
        for one in people
    ]
    assert left == [
        UnsubscribeRequest(recipient=number, message_class=MessageClass.GOODWILL)
        for number in range(1, 13)
    ]


async def test_the_link_stands_beside_the_code(ledger: Database) -> None:
    people = await sent(ledger, goodwill(await customers(ledger, 3)), LINKS)
    assert {frozenset(one.values) for one in people} == {frozenset({"code", "unsubscribe_url"})}


@pytest.mark.parametrize("links", [LINKS, None])
async def test_a_safety_notice_has_no_link(
    ledger: Database, links: UnsubscribeLinks | None
) -> None:
    people = await sent(ledger, letter(await customers(ledger, 3)), links)
    assert [dict(one.values) for one in people] == [{}, {}, {}]


async def test_without_an_address_of_the_page_there_is_no_link(ledger: Database) -> None:
    people = await sent(ledger, goodwill(await customers(ledger, 3)), None)
    assert {frozenset(one.values) for one in people} == {frozenset({"code"})}
