"""Confirmation mails: one attempt each, and never a blind repeat."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activities.confirmations import Confirming, Sender
from channels.batch import Batch
from channels.contract import OutcomeUnknown
from domain.message import Voice
from domain.publication import Receipt
from domain.subscribers import SubscriberLinks
from store.kernel.database import Database
from store.outbox import confirmations
from store.people import sign_ups, subscriber_list
from tests.activities.mail import SECRET, Mailer

LINKS = SubscriberLinks("https://status.example.com", SECRET)


class Silent(Mailer):
    """Takes the mail, and the answer is lost."""

    async def send(self, batch: Batch) -> Receipt:
        await super().send(batch)
        raise OutcomeUnknown("No answer came.")


class Killed(BaseException):
    """The process died here: nothing after this line of it ran."""


class Dying(Mailer):
    """Takes the mail, and the worker dies before it has noted that."""

    async def send(self, batch: Batch) -> Receipt:
        await super().send(batch)
        raise Killed


async def sender() -> Sender:
    return Sender(
        company="Example Co", voice=Voice(name="Example Co", address="status@example.com")
    )


async def asked(ledger: Database) -> None:
    await sign_ups.ask(ledger, "ann@example.com", [], "n" * 22, datetime.now(UTC))


async def test_the_link_in_the_mail_confirms(ledger: Database) -> None:
    await asked(ledger)
    mailer = Mailer()
    assert await Confirming(ledger, mailer, LINKS, sender).send_next()

    (mail,) = mailer.book
    assert list(mail.addressees.addresses) == ["ann@example.com"]
    assert LINKS.to_confirm("n" * 22) in mail.copy.text
    assert (await subscriber_list.counts(ledger)).mails == {"accepted": 1}


async def test_a_lost_answer_is_unknown_and_not_repeated(ledger: Database) -> None:
    await asked(ledger)
    mailer = Silent()
    confirming = Confirming(ledger, mailer, LINKS, sender)

    assert [await confirming.send_next(), await confirming.send_next()] == [True, False]
    assert len(mailer.book) == 1
    assert (await subscriber_list.counts(ledger)).mails == {"unknown": 1}


async def test_a_worker_killed_after_the_request_is_followed_by_one_that_sends_nothing_again(
    ledger: Database,
) -> None:
    await asked(ledger)
    mailer = Dying()
    with pytest.raises(Killed):
        await Confirming(ledger, mailer, LINKS, sender).send_next()

    next_worker = Confirming(ledger, mailer, LINKS, sender)
    assert await next_worker.send_next() is False
    assert await confirmations.give_up_lost(ledger, datetime.now(UTC)) == 1
    assert await next_worker.send_next() is False
    assert len(mailer.book) == 1
    assert (await subscriber_list.counts(ledger)).mails == {"unknown": 1}
