"""The wire sends nothing without an opening of the gate, whoever asks it to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.posts import PostActivities
from activities.record import RecordActivities
from activities.signatures.openings import OpenGate, RevokeOpening
from activities.signatures.posts import PublicationStatus, PublicationTask, PublishPost
from activities.signatures.record import RecordTimeline
from domain.actor import Actor
from domain.gate import Decision, Verdict
from domain.ids import MessageRef
from domain.message import Document
from domain.opening import SealedOpening
from domain.publication import Destination, PublicationState
from domain.sealing import Sealed
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.record import keys, messages, openings, publication_rows, timeline
from store.tables import openings as rows
from tests.activities.conftest import NOON, Provider, notice
from tests.activities.mail import SECRET, Mailer, Post, approved, customers, letter, order_for
from tests.sealing import KEY, STRANGER, gates, open_gate, opening_of, with_key

SQUARE = Destination(channel="square")


def task_of(document: Document, digest: str = "") -> PublicationTask:
    ref = MessageRef(incident=document.incident, number=document.number, revision=document.revision)
    return PublicationTask(message=ref, channel="square", digest=digest or document.digest())


@pytest.fixture
async def waiting(ledger: Database) -> Document:
    """A message that waits for signatures: its words are in the ledger, and nothing else."""
    document = notice()
    await messages.save_revision(await with_key(ledger), document, "maya")
    return document


async def attempt(ledger: Database, provider: Provider, task: PublicationTask) -> PublicationStatus:
    """Plan and publish, as a workflow started by hand does."""
    posts = PostActivities(ledger, {"square": provider}, gates(ledger))
    await ActivityEnvironment().run(posts.plan_publication, task)
    order = PublishPost(task=task, attempt=1)
    return await ActivityEnvironment().run(posts.publish_post, order)


async def refused(ledger: Database, provider: Provider, task: PublicationTask) -> str:
    """What an attempt that must not go out is told."""
    with pytest.raises(ApplicationError) as failure:
        await attempt(ledger, provider, task)
    assert failure.value.non_retryable
    assert (provider.requests, provider.book) == (0, [])
    row = await publication_rows.find(ledger, task.message, task.channel)
    assert row is not None
    assert row.state is PublicationState.PLANNED
    return failure.value.message


async def test_a_message_that_waits_does_not_go_out_with_its_own_digest(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    """A publication started by hand put a waiting message on X."""
    said = await refused(ledger, provider, task_of(waiting))
    assert said == "Nobody has opened the gate for message 1, revision 1, on square."


async def test_an_opened_gate_lets_it_out(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    await open_gate(ledger, waiting)
    status = await attempt(ledger, provider, task_of(waiting))
    assert (status.state, len(provider.book)) == (PublicationState.ACCEPTED, 1)


async def unsealed(ledger: Database, opening: SealedOpening) -> None:
    await openings.enter(ledger, KEY, opening)
    await forge(ledger, seal="")


async def strangers(ledger: Database, opening: SealedOpening) -> None:
    await openings.enter(ledger, STRANGER, opening)


async def strangers_with_its_key(ledger: Database, opening: SealedOpening) -> None:
    await openings.enter(ledger, STRANGER, opening)
    await keys.enter_successor(ledger, STRANGER.public, NOON)


async def with_our_name(ledger: Database, opening: SealedOpening) -> None:
    await openings.enter(ledger, STRANGER, opening)
    await forge(ledger, key_id=KEY.key_id)


async def sealed_as_an_entry(ledger: Database, opening: SealedOpening) -> None:
    """The recorder seals hashes too; such a seal must not pass for an opening's."""
    await openings.enter(ledger, KEY, opening)
    await forge(ledger, seal=KEY.seal(Sealed.ENTRY, opening.sealed_digest()))


async def copied(ledger: Database, opening: SealedOpening) -> None:
    other = opening.model_copy(update={"number": 2})
    await openings.enter(ledger, KEY, opening)
    await forge(ledger, seal=KEY.seal(Sealed.OPENING, other.sealed_digest()))


async def widened(ledger: Database, opening: SealedOpening) -> None:
    narrow = opening.model_copy(update={"destinations": [{"channel": "other", "audience": None}]})
    await openings.enter(ledger, KEY, narrow)
    await forge(ledger, destinations='[{"channel": "square", "audience": null}]')


async def other_decisions(ledger: Database, opening: SealedOpening) -> None:
    await openings.enter(ledger, KEY, opening)
    await forge(ledger, decisions='[{"person": "nobody"}]')


async def unreadable(ledger: Database, opening: SealedOpening) -> None:
    await openings.enter(ledger, KEY, opening)
    await forge(ledger, destinations="square")


async def forge(ledger: Database, **values: object) -> None:
    async with ledger.write() as connection:
        await connection.execute(update(rows).values(values))


@pytest.mark.parametrize(
    "forged",
    [
        unsealed,
        strangers,
        strangers_with_its_key,
        with_our_name,
        sealed_as_an_entry,
        copied,
        widened,
        other_decisions,
        unreadable,
    ],
    ids=lambda forged: forged.__name__,
)
async def test_a_forged_opening_lets_nothing_out(
    ledger: Database,
    provider: Provider,
    waiting: Document,
    forged: Callable[[Database, SealedOpening], Awaitable[None]],
) -> None:
    await forged(ledger, opening_of(waiting))
    assert "gate" in await refused(ledger, provider, task_of(waiting))


async def test_an_opening_is_for_its_destinations_only(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    await open_gate(ledger, waiting, Destination(channel="other"))
    assert "other destinations" in await refused(ledger, provider, task_of(waiting))


async def test_an_opening_is_for_one_revision(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    await open_gate(ledger, waiting)
    later = notice("Something else.").model_copy(update={"revision": 2})
    await messages.save_revision(ledger, later, "maya")
    assert "Nobody has opened" in await refused(ledger, provider, task_of(later))


# --- what the incident does ---------------------------------------------------------------------


def of_the_incident(workflow: str = "incident/hacked") -> ActivityEnvironment:
    """The environment of an activity that this workflow has ordered."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, workflow_id=workflow)
    return environment


def order(document: Document) -> OpenGate:
    decision = Decision(
        actor=Actor.at_terminal("noor"),
        verdict=Verdict.APPROVE,
        digest=document.digest(),
        roles=("founder",),
        at=NOON,
    )
    return OpenGate(
        message=task_of(document).message,
        digest=document.digest(),
        destinations=(SQUARE,),
        decisions=(decision,),
        at=NOON,
    )


async def test_what_the_incident_enters_opens_and_what_it_revokes_closes(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    record = RecordActivities(ledger, KEY)
    run = of_the_incident().run
    await run(record.open_gate, order(waiting))
    await gates(ledger).refuse_unopened(task_of(waiting))

    revoked = RevokeOpening(message=task_of(waiting).message, at=datetime.now(UTC))
    await run(record.revoke_opening, revoked)
    assert "called off" in await refused(ledger, provider, task_of(waiting))

    # The same order once more, by a worker that had been frozen.
    await run(record.open_gate, order(waiting))
    assert "called off" in await refused(ledger, provider, task_of(waiting))


@pytest.mark.parametrize("workflow", ["foreign/1", "incident/another", "incident/hacked/message/1"])
async def test_nobody_but_the_incident_has_a_gate_opened_or_an_entry_sealed(
    ledger: Database, provider: Provider, waiting: Document, workflow: str
) -> None:
    record, run = RecordActivities(ledger, KEY), of_the_incident(workflow).run
    entry = TimelineEntry(seq=1, at=NOON, what="approved", who="noor")
    with pytest.raises(ApplicationError, match="Only the workflow of hacked itself"):
        await run(record.open_gate, order(waiting))
    with pytest.raises(ApplicationError, match="Only the workflow of hacked itself"):
        await run(record.record_timeline, RecordTimeline(incident="hacked", entries=(entry,)))
    assert "Nobody has opened" in await refused(ledger, provider, task_of(waiting))
    assert await timeline.read(ledger, "hacked") == []


async def test_the_incident_has_the_last_word_over_what_somebody_entered(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    await widened(ledger, opening_of(waiting))
    await of_the_incident().run(RecordActivities(ledger, KEY).open_gate, order(waiting))
    status = await attempt(ledger, provider, task_of(waiting))
    assert status.state is PublicationState.ACCEPTED


async def test_after_a_change_of_keys_older_openings_count(
    ledger: Database, provider: Provider, waiting: Document
) -> None:
    await open_gate(ledger, waiting)
    await keys.enter_successor(ledger, STRANGER.endorsed_by(KEY), NOON)
    new = PostActivities(ledger, {"square": provider}, type(gates(ledger))(ledger, STRANGER.public))
    await ActivityEnvironment().run(new.plan_publication, task_of(waiting))
    done = await ActivityEnvironment().run(
        new.publish_post, PublishPost(task=task_of(waiting), attempt=1)
    )
    assert done.state is PublicationState.ACCEPTED


# --- mail ---------------------------------------------------------------------------------------


async def test_mail_that_waits_is_neither_planned_nor_sent(ledger: Database) -> None:
    """A broadcast started by hand sent a hundred mails."""
    mailer = Mailer()
    document = letter(await customers(ledger, 30))
    await messages.save_revision(await with_key(ledger), document, "maya")
    mail = BroadcastActivities(ledger, {"email": mailer}, gates(ledger), SECRET)
    with pytest.raises(ApplicationError, match="Nobody has opened the gate"):
        await ActivityEnvironment().run(mail.plan_broadcast, order_for(document, 10))
    assert mailer.requests == []


async def planned(ledger: Database, mailer: Mailer) -> Post:
    return await approved(ledger, mailer, letter(await customers(ledger, 30)))


async def test_batches_are_not_sent_once_the_opening_is_revoked(ledger: Database) -> None:
    mailer = Mailer()
    post = await planned(ledger, mailer)
    await post.send(1, 1)
    await openings.revoke(ledger, post.task.message, NOON)
    with pytest.raises(ApplicationError, match="called off"):
        await post.send(2, 3)
    assert len(mailer.requests) == 1


async def test_an_opening_for_one_audience_does_not_send_the_broadcast_to_another(
    ledger: Database,
) -> None:
    mailer = Mailer()
    post = await planned(ledger, mailer)
    to_partners = Destination(channel="email", audience="partners")
    await open_gate(ledger, post.document, to_partners)
    forged = post.task.model_copy(update={"audience": "partners"})
    order = post.order().model_copy(update={"task": forged})
    with pytest.raises(ApplicationError, match="other destinations"):
        await post.send()
    with pytest.raises(ApplicationError, match="no plan of message 1 on email to partners"):
        await ActivityEnvironment().run(post.activities().send_batches, order)
    assert mailer.requests == []
