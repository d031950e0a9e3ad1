"""What is withdrawn does not go out any more, and is taken back where that can be done."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.playbook import BroadcastPlan
from domain.publication import PublicationState
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.mailing import Answer
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, outcome, person, state, then, why
from tests.workflows.world import IS_DOWN, LOST_AFTER_PUBLISHING, REFUSES, throttles
from workflows.contract.steering import RetryChannel, Settle

S = PublicationState
TWITTER = ("twitter",)


async def test_a_message_that_is_withdrawn_at_its_gate_cannot_be_signed_any_more(
    response: Response,
) -> None:
    await response.open()
    message = await response.propose()

    await response.withdraw(message)

    with pytest.raises(Refusal, match="Message 1 is withdrawn"):
        await response.decide(message, "noor")
    assert response.world.attempts == []
    withdrawn = await response.message()
    assert {one.state for one in withdrawn.outcomes} == {S.WITHDRAWN}
    assert why(withdrawn, "twitter") == "It was withdrawn before it was sent."


async def test_a_channel_that_had_refused_it_is_withdrawn_too(response: Response) -> None:
    response.world.provider("twitter", REFUSES)
    await response.open()
    message = await response.publish()
    assert state(message, "twitter") is S.REFUSED

    withdrawn = await response.withdraw(message)

    assert {one.state for one in withdrawn.outcomes} == {S.WITHDRAWN}
    assert response.world.rows[1, "twitter"].state is S.WITHDRAWN


@pytest.mark.parametrize(("stops_at", "sent"), [(1, 0), (3, 20)])
async def test_mail_that_its_provider_stopped_is_withdrawn_with_exact_numbers(
    response: Response, stops_at: int, sent: int
) -> None:
    response.world.mail.recipients = 50
    response.world.mail.batch(stops_at, Answer.ACCOUNT_CLOSED)
    plan = BroadcastPlan(batch_size=10, in_flight=1, unknown_window=timedelta(milliseconds=100))
    await response.open(a_plan(channels=("email", "twitter"), broadcast=plan))
    message = await response.publish()
    assert state(message, "email") is (S.PARTLY_ACCEPTED if sent else S.REFUSED)

    withdrawn = await response.withdraw(message)

    assert {one.state for one in withdrawn.outcomes} == {S.WITHDRAWN}
    assert why(withdrawn, "email") == f"Stopped with {sent} of 50 recipients accepted."
    assert response.world.mail.states[5] is S.WITHDRAWN
    said = RetryChannel(message=1, channel="email", actor=person("maya"))
    with pytest.raises(Refusal, match="Message 1 is withdrawn and is not published any more"):
        await response.tell("retry_channel", said, MessageStatus)


async def test_a_throttled_message_is_withdrawn_at_once_and_never_sent(
    response: Response,
) -> None:
    response.world.provider("twitter", throttles(timedelta(minutes=15)))
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    await eventually(lambda: _waits_for_its_turn(response))

    withdrawn = await response.withdraw(message)

    assert state(withdrawn, "twitter") is S.WITHDRAWN
    assert why(withdrawn, "twitter") == "It was stopped in time."
    assert response.world.public() == []


async def test_what_is_on_the_wire_is_waited_for_and_then_taken_back(response: Response) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()

    withdrawing = asyncio.create_task(response.withdraw(message))
    await response.until(lambda one: one.phase is MessagePhase.WITHDRAWN)
    wire.ends()

    assert state(await withdrawing, "twitter") is S.WITHDRAWN
    assert len(response.world.attempts) == 1
    assert response.world.public() == []
    assert await response.says("taken back") == ["twitter: message 1"]


@pytest.mark.parametrize("answer", [throttles(timedelta(milliseconds=1)), IS_DOWN])
async def test_what_comes_back_unsent_after_it_was_withdrawn_is_not_tried_again(
    response: Response, answer: object
) -> None:
    """The server would retry such an attempt: it has to be cancelled while it is on the wire."""
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()

    withdrawing = asyncio.create_task(response.withdraw(message))
    await eventually(lambda: _asked_to_stop(response))
    wire.ends(answer)  # type: ignore[arg-type]

    assert state(await withdrawing, "twitter") is S.WITHDRAWN
    assert len(response.world.attempts) == 1
    assert response.world.public() == []


async def test_what_was_accepted_is_taken_back(response: Response) -> None:
    await response.open()
    message = await response.publish()
    assert response.world.public() == [1, 1]

    withdrawn = await response.withdraw(message)

    assert {one.state for one in withdrawn.outcomes} == {S.WITHDRAWN}
    assert response.world.public() == []


async def test_what_a_platform_will_not_delete_is_said_to_be_public_still(
    response: Response,
) -> None:
    response.world.cannot_be_deleted("facebook")
    await response.open()
    message = await response.publish()

    withdrawn = await response.withdraw(message)

    assert outcome(withdrawn, "facebook").state is S.ACCEPTED
    assert why(withdrawn, "facebook") == (
        "It may still be public: facebook did not let it be deleted."
    )
    assert then(withdrawn, "facebook") == "Delete it by hand."
    assert response.world.public() == [1]


async def test_a_lost_answer_is_looked_for_before_a_withdrawal_is_believed(
    response: Response,
) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()
    withdrawing = asyncio.create_task(response.withdraw(message))
    await eventually(lambda: _asked_to_stop(response))

    wire.ends(LOST_AFTER_PUBLISHING)

    assert state(await withdrawing, "twitter") is S.WITHDRAWN
    assert await response.says("taken back") == ["twitter: message 1"]
    assert response.world.public() == []


async def test_a_withdrawal_that_waits_for_the_wire_holds_up_nothing_else(
    response: Response,
) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=TWITTER))
    wrong = await response.propose()
    await response.decide(wrong, "noor")
    await wire.taken()
    withdrawing = asyncio.create_task(response.withdraw(wrong))
    await response.until(lambda one: one.phase is MessagePhase.WITHDRAWN)

    right = await response.propose()
    await response.decide(right, "noor")

    assert state(await response.settled(2), "twitter") is S.ACCEPTED
    assert not withdrawing.done()
    wire.ends()
    await withdrawing


async def test_what_was_refused_and_then_withdrawn_cannot_be_retried(response: Response) -> None:
    response.world.provider("twitter", REFUSES)
    await response.open(a_plan(channels=TWITTER))
    await response.withdraw(await response.publish())

    with pytest.raises(Refusal, match="Message 1 is withdrawn and is not published any more"):
        said = RetryChannel(message=1, channel="twitter", actor=person("maya"))
        await response.tell("retry_channel", said, MessageStatus)


async def test_what_was_withdrawn_while_unknown_is_not_published_by_settling_it(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.publish()
    await response.withdraw(message)
    response.world.posts.clear()

    said = Settle(message=1, channel="twitter", actor=person("sam"), went_out=False)
    settled = await response.tell("settle", said, MessageStatus)

    assert state(settled, "twitter") is S.WITHDRAWN
    assert response.world.public() == []


async def test_an_unknown_post_that_is_retried_and_then_withdrawn_is_taken_back(
    response: Response,
) -> None:
    """It was called stopped in time, and what the first attempt had made public stayed there."""
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.publish()
    response.world.can_be_read("twitter")

    retry = RetryChannel(message=1, channel="twitter", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    await response.withdraw(message)

    assert state(await response.message(1), "twitter") is S.WITHDRAWN
    assert response.world.public() == []


async def test_what_was_refused_without_a_look_is_looked_for_by_a_withdrawal(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING, REFUSES)
    response.world.lags("twitter")
    await response.open(a_plan(channels=TWITTER))
    message = await response.publish()
    assert state(message, "twitter") is S.REFUSED
    response.world.lags("twitter", lagging=False)

    withdrawn = await response.withdraw(message)

    assert state(withdrawn, "twitter") is S.WITHDRAWN
    assert response.world.public() == []


async def test_two_people_who_withdraw_at_once_take_it_back_once(response: Response) -> None:
    await response.open(a_plan(channels=TWITTER))
    message = await response.publish()

    both = await asyncio.gather(response.withdraw(message), response.withdraw(message))

    assert [state(one, "twitter") for one in both] == [S.WITHDRAWN, S.WITHDRAWN]
    assert await response.says("taken back") == ["twitter: message 1"]


async def test_a_message_that_is_withdrawn_while_it_is_edited_stays_withdrawn(
    response: Response,
) -> None:
    await response.open()
    await response.publish()
    message = await response.propose(MessageKind.CORRECTION)
    rendering = response.world.rendering_waits()
    said = {"message": message.number, "actor": person("maya")}
    editing = asyncio.create_task(response.handle.execute_update("revise", said))
    await eventually(lambda: _rendering(response, 3))
    withdrawing = asyncio.create_task(response.withdraw(message))

    rendering.set()
    await asyncio.gather(editing, withdrawing, return_exceptions=True)

    assert (await response.message(2)).phase is MessagePhase.WITHDRAWN
    assert response.world.public() == [1, 1]


async def _waits_for_its_turn(response: Response) -> bool:
    row = response.world.rows.get((1, "twitter"))
    return row is not None and row.attempt > 0 and row.state is S.PLANNED


async def _asked_to_stop(response: Response) -> bool:
    """Whether the attempt on the wire has been cancelled, so that its end is its last."""
    child = response.client.get_workflow_handle(response.child(1, "twitter"))
    pending = (await child.describe()).raw_description.pending_activities
    return bool(pending) and pending[0].state == 3  # PENDING_ACTIVITY_STATE_CANCEL_REQUESTED


async def _rendering(response: Response, number: int) -> bool:
    return response.world.renders_begun == number
