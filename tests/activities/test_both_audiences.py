"""A person in both audiences: a customer, and a subscriber of the status page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.signatures.broadcasts import PlanBroadcast, SendBatches
from activities.signatures.posts import PublicationTask
from domain.ids import SUBSCRIBERS
from domain.message import Copy, MessageClass, Voice
from domain.subscribers import MANAGE_FIELD, UNSUBSCRIBE_FIELD, SubscriberLinks
from store.kernel.database import Database
from store.people import sign_ups, subscribers
from store.people.subscribers import SubscribersChoice
from store.record import messages
from tests.activities.conftest import NOON
from tests.activities.mail import REF, SECRET, Mailer, address, customers, letter
from tests.sealing import gates, open_gate

LINKS = SubscriberLinks("https://status.example.com", SECRET)
ONLY_SUBSCRIBED = "ann@example.com"


async def test_a_subscriber_in_both_audiences_gets_one_mail_and_it_is_the_customers(
    ledger: Database,
) -> None:
    audience = await customers(ledger, 3)
    for number, one in enumerate((address(2), ONLY_SUBSCRIBED)):
        nonce = f"nonce-{number}"
        await sign_ups.ask(ledger, one, [], nonce, NOON)
        await sign_ups.confirm(ledger, nonce, NOON)
    told = await subscribers.cut(
        ledger, SubscribersChoice((), NOON), MessageClass.SAFETY, [audience]
    )
    assert told is not None
    document = letter(audience)
    to_subscribers = Copy(
        channel="email",
        audience=SUBSCRIBERS,
        subject="The status has changed",
        text=f"Something is wrong. {MANAGE_FIELD} {UNSUBSCRIBE_FIELD}",
        voice=Voice(name="Noor", address="noor@example.com"),
    )
    document = document.model_copy(
        update={
            "audiences": (audience, told),
            "copies": (*document.copies, to_subscribers),
            "proposed_at": datetime.now(UTC) - timedelta(seconds=1),
        }
    )
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    mailer = Mailer()
    activities = BroadcastActivities(
        ledger, {"email": mailer}, gates(ledger), SECRET, subscriber_links=LINKS
    )

    for name in (audience.name, SUBSCRIBERS):
        task = PublicationTask(
            message=REF, channel="email", audience=name, digest=document.digest()
        )
        order = PlanBroadcast(task=task, batch_size=10, message_class=MessageClass.SAFETY)
        planned = await ActivityEnvironment().run(activities.plan_broadcast, order)
        sending = SendBatches(task=task, broadcast=planned.broadcast, first=1, last=planned.batches)
        await ActivityEnvironment().run(activities.send_batches, sending)

    everybody = [address(1), address(2), address(3), ONLY_SUBSCRIBED]
    assert mailer.mails() == dict.fromkeys(everybody, 1)
    subjects = {
        one.address: batch.copy.subject for batch in mailer.book for one in batch.addressees
    }
    assert subjects[address(2)] == "What happened"
    assert subjects[ONLY_SUBSCRIBED] == "The status has changed"
