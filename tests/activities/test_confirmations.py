"""Confirmation mails: one attempt each, and never a blind repeat."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.confirmations import Confirming, Sender
from channels.batch import Batch
from channels.contract import OutcomeUnknown
from domain.message import Voice
from domain.publication import Receipt
from domain.subscribers import SubscriberLinks
from store.kernel.database import Database
from store.people import sign_ups, subscriber_list
from tests.activities.mail import SECRET, Mailer

LINKS = SubscriberLinks("https://status.example.com", SECRET)


class Silent(Mailer):
    """Takes the mail, and the answer is lost."""

    async def send(self, batch: Batch) -> Receipt:
        await super().send(batch)
        raise OutcomeUnknown("No answer came.")


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
