"""A broadcast through a real mail server: what each end of a transaction leaves in the ledger."""

from __future__ import annotations

import pytest
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.signatures.broadcasts import PlanBroadcast, SendBatches
from activities.signatures.posts import PublicationTask
from domain.message import AudienceCut, Copy, Document, MessageClass, Voice
from domain.publication import PublicationState
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.kernel.database import Database
from store.record import messages
from tests.activities.mail import REF, SECRET, address, customers, letter
from tests.channels.smtp.smtp_world import MailServer, channel_at, mail_server
from tests.sealing import gates, open_gate

PEOPLE = 12
GONE, LOST = 5, 9


def notice(audience: AudienceCut) -> Document:
    copy = Copy(
        channel="smtp",
        subject="What happened",
        text="We were hacked.",
        voice=Voice(name="Noor", address="noor@example.com"),
    )
    return letter(audience, copies=(copy,))


async def broadcast(ledger: Database, server: MailServer) -> BroadcastProgress:
    """Plan a notice to everybody as the default playbook does, and send all of it."""
    document = notice(await customers(ledger, PEOPLE))
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    channel = channel_at(server.port, security="none")
    activities = BroadcastActivities(ledger, {"smtp": channel}, gates(ledger), SECRET)
    task = PublicationTask(
        message=REF, channel="smtp", audience="customers", digest=document.digest()
    )
    plan = PlanBroadcast(task=task, batch_size=1000, message_class=MessageClass.SAFETY)
    planned = await ActivityEnvironment().run(activities.plan_broadcast, plan)
    order = SendBatches(task=task, broadcast=planned.broadcast, first=1, last=planned.batches)
    await ActivityEnvironment().run(activities.send_batches, order)
    await channel.close()
    return await read_progress(ledger, planned.broadcast)


async def test_a_lost_verdict_and_a_bad_address_leave_everybody_else_with_one_mail(
    ledger: Database,
) -> None:
    async with mail_server() as server:
        server.refuses[address(GONE)] = "550 5.1.1 nobody here"
        server.trips_over = address(LOST)
        progress = await broadcast(ledger, server)
    assert sorted(one.recipient for one in server.taken) == sorted(
        address(number) for number in range(1, PEOPLE + 1) if number not in (GONE, LOST)
    )
    assert (progress.went_out, progress.refused) == (PEOPLE - 2, 1)
    assert progress.batches[PublicationState.UNKNOWN] == 1


async def test_every_mail_of_a_broadcast_has_a_message_id_of_its_own(ledger: Database) -> None:
    async with mail_server() as server:
        await broadcast(ledger, server)
    assert len({str(one.mail["message-id"]) for one in server.taken}) == PEOPLE


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.4.5 Daily user sending limit exceeded",
        "550 5.1.8 Access denied, bad outbound sender",
        "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org",
        "553 5.7.1 Sender address rejected: not owned by user",
        "421 4.7.0 the daily sending limit is reached",
    ],
)
async def test_a_reply_about_us_to_an_addressee_stops_the_mailing_and_blames_nobody(
    ledger: Database, reply: str
) -> None:
    async with mail_server() as server:
        server.refuses = {address(number): reply for number in range(GONE, PEOPLE + 1)}
        progress = await broadcast(ledger, server)
    assert (progress.went_out, progress.refused, progress.planned) == (4, 0, 8)


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 <x@customers.example>: user unknown in relay recipient table",
        "550 5.2.1 this mailbox takes no mail",
        "550 no such user",
    ],
)
async def test_a_reply_about_one_addressee_does_not_stop_the_others(
    ledger: Database, reply: str
) -> None:
    async with mail_server() as server:
        server.refuses[address(GONE)] = reply
        progress = await broadcast(ledger, server)
    assert (progress.went_out, progress.refused, progress.planned) == (PEOPLE - 1, 1, 0)


@pytest.mark.parametrize("reply", ["550 5.7.1 message refused", "450 4.7.1 greylisted"])
async def test_a_reply_that_could_be_about_either_keeps_the_addressee_for_another_try(
    ledger: Database, reply: str
) -> None:
    async with mail_server() as server:
        server.refuses[address(GONE)] = reply
        progress = await broadcast(ledger, server)
    assert (progress.went_out, progress.refused, progress.planned) == (4, 0, 8)
