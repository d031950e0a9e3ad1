"""Workflows started by hand, past the incident: nothing goes out that nobody approved."""

from __future__ import annotations

import uuid
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from activities.signatures.posts import PUBLISH_POST, PublicationTask, PublishPost
from domain.ids import MAIN_QUEUE, MessageRef, channel_queue, publication_workflow_id
from domain.message import MessageClass
from domain.playbook import BroadcastPlan, Looking
from domain.publication import Destination, Outcome, PublicationState
from domain.status import MessageStatus
from store.record import openings, publication_rows
from tests.whole.foreign import ForeignWorkflow
from tests.whole.response import Response
from workflows.contract.names import BROADCAST_WORKFLOW, PUBLICATION_WORKFLOW
from workflows.contract.publications import PublishMessage


def order_for(slug: str, message: MessageStatus, destination: Destination) -> PublishMessage:
    """What an incident would order, with the digest that everybody can read."""
    return PublishMessage(
        message=MessageRef(incident=slug, number=message.number, revision=message.revision),
        destination=destination,
        digest=message.digest,
        message_class=MessageClass.SAFETY,
        looking=Looking(),
        broadcast=BroadcastPlan(),
        attempts=3,
        urgent=True,
    )


async def by_hand(client: Client, order: PublishMessage) -> Outcome:
    """Start its workflow as anybody with access to Temporal can."""
    place = order.destination
    result: Outcome = await client.execute_workflow(
        PUBLICATION_WORKFLOW if place.audience is None else BROADCAST_WORKFLOW,
        order,
        id=publication_workflow_id(
            order.message.incident, order.message.number, place.channel, place.audience
        ),
        task_queue=MAIN_QUEUE,
        result_type=Outcome,
    )
    return result


async def test_a_publication_started_by_hand_posts_nothing(response: Response) -> None:
    """It published a tweet of which nobody had approved a word."""
    await response.open(recipients=30)
    message = await response.propose()
    outcome = await by_hand(
        response.world.client,
        order_for(response.slug, message, Destination(channel="twitter")),
    )
    assert outcome.state is PublicationState.REFUSED
    assert outcome.explanation is not None
    assert outcome.explanation.what.startswith("Nobody has opened the gate for message 1")
    assert (await response.books())["posts"].accepted == 0
    ref = MessageRef(incident=response.slug, number=1, revision=1)
    row = await publication_rows.find(response.world.ledger, ref, "twitter")
    assert row is not None
    assert row.explanation == outcome.explanation

    # And the real approval still gets it out.
    await response.approve(message)
    settled = await response.settled()
    assert {one.state for one in settled.outcomes} == {PublicationState.ACCEPTED}
    opening = await openings.find(response.world.ledger, ref)
    assert opening is not None
    assert [one["actor"]["person"] for one in opening.decisions] == ["noor"]  # type: ignore[index]


async def test_a_broadcast_started_by_hand_mails_nobody(response: Response) -> None:
    """It sent a hundred mails."""
    await response.open(recipients=30)
    message = await response.propose()
    to = Destination(channel="email", audience=response.slug)
    outcome = await by_hand(response.world.client, order_for(response.slug, message, to))
    assert outcome.state is PublicationState.REFUSED
    assert outcome.explanation is not None
    assert "Nobody has opened the gate" in outcome.explanation.what
    assert await response.received() == 0


async def test_an_activity_called_by_a_workflow_of_ones_own_posts_nothing(
    response: Response,
) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    ref = MessageRef(incident=response.slug, number=1, revision=1)
    task = PublicationTask(message=ref, channel="twitter", digest=message.digest)
    client, queue = response.world.client, f"foreign-{uuid.uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[ForeignWorkflow]):
        said = await client.execute_workflow(
            ForeignWorkflow.run,
            args=[
                PUBLISH_POST.name,
                channel_queue("twitter"),
                PublishPost(task=task, attempt=1).model_dump(mode="json"),
            ],
            id=f"foreign/{uuid.uuid4()}",
            task_queue=queue,
            run_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
    assert "Nobody has opened the gate" in said
    assert (await response.books())["posts"].accepted == 0
