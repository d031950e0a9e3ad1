"""Mail that is going out can be held, let go again, and stopped, by a person or by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.broadcasting import BroadcastAction, BroadcastHealth
from domain.publication import PublicationState
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.mailing import Mailing
from tests.workflows.response import Response, person, state, then, why
from tests.workflows.test_broadcast import start
from workflows.contract.steering import Settle, SteerBroadcast

S = PublicationState


async def steer(response: Response, action: BroadcastAction) -> MessageStatus:
    """Maya pauses, resumes or stops the mail of the first message."""
    return await response.handle.execute_update(
        "steer_broadcast",
        SteerBroadcast(message=1, actor=person("maya"), action=action, channel="email"),
        result_type=MessageStatus,
    )


async def paused_midway(response: Response) -> int:
    """Pause while batches are on the wire; returns how many were out once it held."""
    mail = response.world.mail
    release = mail.holds()
    await start(response)
    await mail.reached.wait()
    await steer(response, BroadcastAction.PAUSE)
    await response.until(lambda one: bool(why(one, "email")))
    release.set()
    await eventually(in_flight(mail), lambda many: many == 0)
    return len(mail.sent)


def in_flight(mail: Mailing) -> Callable[[], Awaitable[int]]:
    """How many ranges are on the wire, to be asked again and again."""

    async def look() -> int:
        return mail.in_flight

    return look


async def test_a_pause_holds_every_batch_that_has_not_begun(response: Response) -> None:
    out = await paused_midway(response)

    assert out < 10
    message = (await response.status()).messages[0]
    assert (state(message, "email"), then(message, "email")) == (
        S.SENDING,
        "Resume it, or stop it for good.",
    )


async def test_mail_that_is_resumed_reaches_everybody_once(response: Response) -> None:
    await paused_midway(response)

    await steer(response, BroadcastAction.RESUME)
    message = await response.settled()

    assert state(message, "email") is S.ACCEPTED
    assert sorted(response.world.mail.sent) == list(range(1, 46))
    assert "450 of 450" in why(message, "email")


async def test_mail_that_was_paused_can_be_stopped_for_good(response: Response) -> None:
    out = await paused_midway(response)

    await steer(response, BroadcastAction.STOP)
    message = await response.settled()

    assert state(message, "email") is S.WITHDRAWN
    assert len(response.world.mail.sent) == out


async def test_too_many_bounces_pause_the_mail_and_say_why(response: Response) -> None:
    response.world.mail.health = BroadcastHealth(went_out=1000, bounced=300)
    await start(response, batches=60)

    message = await response.until(lambda one: "bounced" in why(one, "email"))

    assert why(message, "email") == ("Paused by itself: 300 of the first 1,000 bounced, over 10%.")
    assert len(response.world.mail.sent) < 60


async def test_mail_that_a_person_resumes_does_not_pause_by_itself_again(
    response: Response,
) -> None:
    response.world.mail.health = BroadcastHealth(went_out=1000, bounced=300)
    await start(response, batches=60)
    await response.until(lambda one: "bounced" in why(one, "email"))

    await steer(response, BroadcastAction.RESUME)
    await response.settled()

    assert sorted(response.world.mail.sent) == list(range(1, 61))


async def test_a_retry_goes_on_with_mail_that_had_been_paused_when_it_was_lost(
    response: Response,
) -> None:
    """The pause of a run that is gone stayed in the ledger, and nothing would ever go out."""
    await paused_midway(response)
    await response.client.get_workflow_handle(response.child(1, "email")).terminate("lost")
    assert state(await response.settled(), "email") is S.UNKNOWN

    said = Settle(message=1, channel="email", actor=person("maya"), went_out=False)
    await response.tell("settle", said, MessageStatus)

    assert state(await response.settled(), "email") is S.ACCEPTED
    assert sorted(response.world.mail.sent) == list(range(1, 46))


async def test_what_is_not_going_out_cannot_be_paused(response: Response) -> None:
    await start(response)
    await response.settled()

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await steer(response, BroadcastAction.PAUSE)

    assert "No broadcast of message 1 is under way" in str(refused.value.cause)
