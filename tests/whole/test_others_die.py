"""Temporal, the providers or our receiver of events are gone for a while; the response goes on."""

from __future__ import annotations

from domain.message import MessageKind
from domain.publication import PublicationState
from tests.whole.response import WINDOW, Response, agreed, everywhere, states
from tests.whole.world import World


async def test_an_incident_outlives_the_temporal_server(calm: World, response: Response) -> None:
    slow = await calm.fault("sendgrid", "send", "latency", seconds=0.2)
    await response.announce(recipients=300)
    await response.mailed(lambda mail: mail.went_out >= 60)
    await calm.kill("temporal")
    await calm.lift(slow)

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    progress = await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.approve(progress, "ines")
    await response.settled(progress.number)
    await response.arrived()
    assert await response.books() == agreed(mails=300, posts=4)


async def test_providers_that_are_gone_for_a_while_miss_nothing_and_get_nothing_twice(
    calm: World, response: Response
) -> None:
    """First they answer 503 to everything, then their connections break in the middle."""
    slow = await calm.fault("sendgrid", "send", "latency", seconds=0.2)
    await response.open(recipients=300)
    message = await response.propose()
    (await calm.sandbox.post("/_sandbox/outage", json={"seconds": 1.5})).raise_for_status()
    await response.approve(message)
    await response.mailed(lambda mail: mail.went_out >= 60)
    await calm.kill("sandbox")
    await calm.lift(slow)

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=300, posts=2)


async def test_events_that_nobody_received_are_delivered_again(
    calm: World, response: Response
) -> None:
    await calm.fault("sendgrid", "send", "error_after", times=2, after=3)
    async with calm.without("webhooks"):
        # On a busy machine the receiver may not be back before a shorter window is over.
        await response.announce(recipients=300, window=WINDOW * 5)
        waiting = await response.mailed(lambda mail: mail.went_out == 280)
    assert (waiting.accepted, waiting.unknown) == (280, 20)

    assert states(await response.settled(within=WINDOW * 6)) == everywhere(
        PublicationState.ACCEPTED
    )
    assert (await response.arrived()).delivered == 300
    assert await response.books() == agreed(mails=300, posts=2)


async def test_a_receiver_killed_among_the_events_leaves_each_mail_with_its_end(
    calm: World, response: Response
) -> None:
    await calm.fault("sendgrid", "events", "events_duplicate", probability=0.2, factor=2)
    await response.announce(recipients=900)
    await response.mailed(lambda mail: mail.delivered >= 100)
    await calm.kill("webhooks")

    await response.settled()
    assert (await response.arrived()).delivered == 900


async def test_everything_killed_at_once_comes_back_and_finishes_what_it_was_told(
    calm: World, response: Response, another: Response
) -> None:
    """One incident was being announced; the announcement of another was being withdrawn."""
    slow = await calm.fault("sendgrid", "send", "latency", seconds=0.6)
    await another.announce(recipients=300, in_flight=1)
    await another.mailed(lambda mail: mail.went_out >= 20)
    await response.announce(recipients=300)
    await response.mailed(lambda mail: mail.went_out >= 60)
    await another.withdraw_unattended()
    for part in ("worker", "temporal", "webhooks", "sandbox"):
        calm.stack.kill(part)
    await calm.stack.wait_ready()
    await calm.lift(slow)

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=300, posts=2)
    withdrawn = await another.withdrawn()
    assert states(withdrawn) == everywhere(PublicationState.WITHDRAWN)
    received = await another.received()
    assert received < 300
    await another.arrived_of(received)
    assert await another.books() == agreed(mails=received, posts=0)
