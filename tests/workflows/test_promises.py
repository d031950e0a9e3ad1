"""A promise of the next update goes out only while it can be kept, and survives an edit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.gate import Verdict
from domain.message import MessageKind
from domain.promises import NEW_PROMISE
from domain.publication import PublicationState
from domain.status import MessageStatus
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person, state
from workflows.contract.publications import PublishMessage
from workflows.contract.writing import Revise

NOW = datetime.now(UTC)


async def revise(response: Response, message: MessageStatus, **more: object) -> MessageStatus:
    said = Revise.model_validate({"message": message.number, "actor": person("maya"), **more})
    return await response.tell("revise", said, MessageStatus)


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (timedelta(0), "not in the future"),
        (timedelta(minutes=-5), "not in the future"),
        (timedelta(days=30, minutes=5), "more than 30 days away"),
        (timedelta(hours=9999), "more than 30 days away"),
    ],
)
async def test_what_cannot_be_promised_is_refused_before_anything_is_written(
    response: Response, ahead: timedelta, says: str
) -> None:
    await response.open()
    now = datetime.now(UTC)

    with pytest.raises(Refusal, match=says):
        await response.propose(next_update_by=now + ahead)

    assert response.world.renders_begun == 0


async def test_a_revision_keeps_the_promise_unless_it_is_told_otherwise(response: Response) -> None:
    await response.open()
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=45)
    first = await response.propose(next_update_by=soon + timedelta(seconds=20))

    kept = await revise(response, first)
    moved = await revise(response, first, next_update_by=soon + timedelta(hours=1))
    dropped = await revise(response, first, promise_none=True)

    promises = [one.next_update_by for one in (first, kept, moved, dropped)]
    assert promises == [soon, soon, soon + timedelta(hours=1), None]
    assert response.world.promises == promises


@pytest.mark.parametrize("passes", [timedelta(minutes=44, seconds=30), timedelta(minutes=50)])
async def test_copy_whose_promise_has_passed_is_not_approved_but_may_be_rejected(
    response: Response, passes: timedelta
) -> None:
    """It went out with "more by 04:07" at 04:08."""
    await response.open()
    message = await response.propose(next_update_by=datetime.now(UTC) + timedelta(minutes=45))

    await response.time_passes(passes)

    with pytest.raises(Refusal, match="The promised time") as refused:
        await response.decide(message, "noor")
    step = refused.value.explanation.next_step
    assert (step.action, step.message, step.about) == ("revise", 1, NEW_PROMISE)
    await response.approve(message, "noor")
    assert "The promised time" in (await response.refusals(2))[1]
    assert response.world.attempts == []
    await response.decide(message, "noor", verdict=Verdict.REJECT)


async def test_a_passed_promise_is_not_kept_by_a_revision(response: Response) -> None:
    await response.open()
    message = await response.propose(next_update_by=datetime.now(UTC) + timedelta(minutes=5))
    await response.time_passes(timedelta(minutes=6))

    with pytest.raises(Refusal, match="not in the future"):
        await revise(response, message)

    again = datetime.now(UTC) + timedelta(hours=2)
    await response.decide(await revise(response, message, next_update_by=again), "noor")
    assert (await response.settled()).told


async def order_of(response: Response, channel: str) -> PublishMessage:
    handle = response.client.get_workflow_handle(response.child(1, channel))
    history = await handle.fetch_history()
    payload = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    return PublishMessage.model_validate_json(payload.data)


async def test_a_post_is_not_sent_after_the_time_it_promises_and_mail_not_begun(
    response: Response,
) -> None:
    await response.open(a_plan(channels=("email", "twitter")))
    message = await response.propose(next_update_by=datetime.now(UTC) + timedelta(minutes=45))

    await response.decide(message, "noor")
    await response.settled()

    post, mail = await order_of(response, "twitter"), await order_of(response, "email")
    promised, approved = message.next_update_by, (await response.message()).approved_at
    assert approved is not None
    assert (post.fresh_until, post.begin_by) == (promised, None)
    assert (mail.fresh_until, mail.begin_by) == (approved + timedelta(hours=12), promised)


async def test_a_promise_of_a_kind_without_one_is_no_obstacle(response: Response) -> None:
    await response.open()
    settled = await response.publish(MessageKind.ANNOUNCEMENT)
    assert (settled.next_update_by, state(settled, "twitter")) == (None, PublicationState.ACCEPTED)
