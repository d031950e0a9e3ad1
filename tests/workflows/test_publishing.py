"""What is signed goes out once on every channel, or ends in a state that says what to do next."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

import workflows.policies
from channels.contract import OutcomeUnknown
from domain.explanation import Action
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, outcome, person, state, then, why
from tests.workflows.world import (
    HANGS_AFTER_PUBLISHING,
    IS_DOWN,
    LIMPS,
    LOST_AFTER_PUBLISHING,
    LOST_BEFORE_PUBLISHING,
    REFUSES,
    Fault,
    throttles,
)
from workflows.contract.steering import RetryChannel, Settle

S = PublicationState


async def retry(response: Response, channel: str) -> MessageStatus:
    return await response.tell(
        "retry_channel",
        RetryChannel(message=1, channel=channel, actor=person("maya")),
        MessageStatus,
    )


async def settle(response: Response, *, went_out: bool) -> MessageStatus:
    said = Settle(
        message=1, channel="twitter", actor=person("sam"), went_out=went_out, url="https://x.test/1"
    )
    return await response.tell("settle", said, MessageStatus)


@pytest.fixture
def quick_time_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt may take half a second, so that a time-out needs no patience."""
    quick = dataclasses.replace(
        workflows.policies.ATTEMPT, start_to_close=timedelta(seconds=0.5), heartbeat=None
    )
    monkeypatch.setattr(workflows.policies, "ATTEMPT", quick)


async def test_a_channel_that_refuses_does_not_stop_the_others(response: Response) -> None:
    response.world.provider("twitter", REFUSES)
    await response.open()

    message = await response.publish()

    assert why(message, "twitter") == "twitter refused it."
    assert then(message, "twitter") == "Change it."
    assert state(message, "facebook") is S.ACCEPTED
    assert message.told


async def test_what_is_public_but_not_as_it_should_be_is_told(response: Response) -> None:
    """A page of two targets, of which one is dead: published, and people see that it limps."""
    response.world.provider("facebook", LIMPS)
    await response.open()

    message = await response.publish()

    assert state(message, "facebook") is S.ACCEPTED
    assert why(message, "facebook") == "It is public, but not everywhere."
    assert message.told
    [entry] = [one for one in await response.says("accepted") if one.startswith("facebook")]
    assert "It is public, but not everywhere." in entry


async def test_a_channel_that_refused_can_be_tried_again(response: Response) -> None:
    response.world.provider("twitter", REFUSES)
    await response.open()
    await response.publish()

    await retry(response, "twitter")

    message = await response.settled()
    assert state(message, "twitter") is S.ACCEPTED
    assert message.phase is MessagePhase.SETTLED
    assert response.world.public("twitter") == [1]


async def test_what_was_accepted_is_not_sent_again_by_a_retry(response: Response) -> None:
    await response.open()
    await response.publish()

    with pytest.raises(Refusal, match="Message 1 on twitter is accepted"):
        await retry(response, "twitter")

    assert response.world.public("twitter") == [1]


async def test_a_throttled_post_goes_out_when_its_time_has_come(response: Response) -> None:
    response.world.provider("twitter", throttles(timedelta(minutes=15)))
    await response.open()
    await response.decide(await response.propose(), "noor")
    await eventually(lambda: _tried(response, 1, "twitter"))
    assert response.world.public("twitter") == []

    await response.passes(timedelta(minutes=16), 1, "twitter")

    assert state(await response.settled(), "twitter") is S.ACCEPTED
    assert response.world.public("twitter") == [1]


async def test_a_platform_that_is_down_gets_the_post_once_it_is_up(response: Response) -> None:
    response.world.provider("twitter", IS_DOWN)
    await response.open()

    message = await response.publish()

    assert state(message, "twitter") is S.ACCEPTED
    assert response.world.public("twitter") == [1]


async def test_a_post_whose_answer_was_lost_is_found_and_not_sent_again(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    await response.open()

    message = await response.publish()

    receipt = outcome(message, "twitter").receipt
    assert receipt is not None
    assert [post.id for post in response.world.posts if post.channel == "twitter"] == [receipt.id]


async def test_a_post_that_is_absent_at_every_look_is_sent_again_exactly_once(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_BEFORE_PUBLISHING)
    await response.open(a_plan(looks=2))

    message = await response.publish()

    # Two as planned, and one immediately before the next attempt.
    assert response.world.looks == 3
    assert outcome(message, "twitter").attempts == 2
    assert response.world.public("twitter") == [1]


async def test_a_platform_that_never_takes_it_is_given_up_in_words(response: Response) -> None:
    response.world.provider("twitter", *[LOST_BEFORE_PUBLISHING] * 3)
    await response.open(a_plan(attempts=3))

    message = await response.publish()

    given_up = outcome(message, "twitter")
    assert given_up.state is S.ABANDONED
    assert given_up.explanation.what == "twitter gave no clear answer in 3 attempts."
    assert given_up.explanation.next_step.action is Action.RETRY
    await retry(response, "twitter")
    assert state(await response.settled(), "twitter") is S.ACCEPTED


async def test_every_attempt_has_a_number_of_its_own_also_after_a_retry(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_BEFORE_PUBLISHING, REFUSES)
    await response.open(a_plan(channels=("twitter",)))
    await response.publish()

    await retry(response, "twitter")
    await response.settled()

    assert [number for _, _, number in response.world.attempts] == [1, 2, 3]


async def test_where_looking_cannot_tell_a_person_is_asked_and_nothing_is_repeated(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open()

    message = await response.publish()

    unknown = outcome(message, "twitter")
    assert unknown.state is S.UNKNOWN
    assert "The list could not be read." in unknown.explanation.what
    assert unknown.explanation.next_step.advice.startswith("Look at the platform yourself")
    assert response.world.public("twitter") == [1]


async def test_a_person_who_saw_the_post_settles_it(response: Response) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open()
    await response.publish()

    message = await settle(response, went_out=True)

    settled = outcome(message, "twitter")
    assert settled.state is S.ACCEPTED
    assert settled.receipt is not None
    assert settled.receipt.url == "https://x.test/1"
    assert response.world.public("twitter") == [1]
    assert await response.says("settled") == ["sam: message 1 on twitter: went out"]


async def test_a_refusal_does_not_erase_a_lost_answer_and_a_retry_looks_first(
    response: Response,
) -> None:
    """The list lagged behind, the second attempt was refused, and a retry posted twice."""
    response.world.provider("twitter", LOST_AFTER_PUBLISHING, REFUSES)
    response.world.lags("twitter")
    await response.open(a_plan(channels=("twitter",)))

    refused = outcome(await response.publish(), "twitter")

    assert refused.state is S.REFUSED
    assert refused.uncertain
    assert refused.explanation.what == "twitter refused it."
    assert "An earlier attempt may have gone out" in refused.explanation.means
    response.world.lags("twitter", lagging=False)
    await retry(response, "twitter")
    assert state(await response.settled(), "twitter") is S.ACCEPTED
    assert response.world.public("twitter") == [1]


async def test_a_refusal_after_a_lost_answer_is_unknown_where_looking_cannot_tell(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING, REFUSES)
    response.world.lags("twitter")
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")
    await eventually(lambda: _attempts(response, 2))

    response.world.cannot_be_read("twitter")

    unknown = outcome(await response.settled(), "twitter")
    assert unknown.state is S.UNKNOWN
    assert unknown.explanation.what.startswith("twitter refused it. An earlier attempt may")


async def test_a_retry_of_what_nobody_knows_looks_first(response: Response) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open(a_plan(channels=("twitter",)))
    assert state(await response.publish(), "twitter") is S.UNKNOWN

    response.world.can_be_read("twitter")
    await retry(response, "twitter")

    assert state(await response.settled(), "twitter") is S.ACCEPTED
    assert response.world.public("twitter") == [1]


async def test_a_lost_answer_that_is_looked_for_is_shown_and_in_the_timeline(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_BEFORE_PUBLISHING)
    await response.open(a_plan(channels=("twitter",), apart=timedelta(seconds=30)))
    await response.decide(await response.propose(), "noor")

    async def looked_for() -> bool:
        return state(await response.message(1), "twitter") is S.SENDING

    await eventually(looked_for)
    assert outcome(await response.message(1), "twitter").uncertain
    (lost,) = await response.says("no clear answer")
    assert "is being looked for" in lost


async def test_a_post_that_waits_for_its_provider_says_until_when(response: Response) -> None:
    response.world.provider("twitter", throttles(timedelta(minutes=15)))
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")

    async def waits() -> bool:
        return outcome(await response.message(1), "twitter").explanation is not None

    await eventually(waits)
    waiting = outcome(await response.message(1), "twitter")
    assert waiting.state is S.PLANNED
    assert "The next attempt is at" in waiting.explanation.means
    assert len(await response.says("waits")) == 1


async def test_a_person_who_saw_that_it_did_not_go_out_has_it_published(
    response: Response,
) -> None:
    response.world.provider("twitter", LOST_BEFORE_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open()
    await response.publish()

    await settle(response, went_out=False)

    assert state(await response.settled(), "twitter") is S.ACCEPTED
    assert response.world.public("twitter") == [1]


async def test_only_what_is_unknown_can_be_settled(response: Response) -> None:
    await response.open()
    await response.publish()

    with pytest.raises(Refusal, match="Message 1 on twitter is accepted"):
        await settle(response, went_out=False)


@pytest.mark.usefixtures("quick_time_outs")
async def test_an_attempt_that_never_came_back_is_looked_for_and_not_repeated(
    response: Response,
) -> None:
    """The server itself must not retry it: ``AMBIGUOUS`` in ``workflows.policies``."""
    response.world.provider("twitter", HANGS_AFTER_PUBLISHING)
    await response.open(a_plan(channels=("twitter",)))

    message = await response.publish()

    assert state(message, "twitter") is S.ACCEPTED
    assert response.world.public() == [1]
    assert response.world.calls == 1


@pytest.mark.usefixtures("quick_time_outs")
async def test_what_was_not_taken_is_tried_again_without_a_look(
    response: Response,
) -> None:
    response.world.provider("twitter", throttles(timedelta(milliseconds=100)), IS_DOWN)
    await response.open(a_plan(channels=("twitter",)))

    message = await response.publish()

    assert outcome(message, "twitter").attempts == 3
    assert len(response.world.attempts) == 3
    assert response.world.looks == 0
    assert response.world.public() == [1]


async def test_a_post_that_no_worker_takes_while_it_is_fresh_ends_as_superseded(
    response: Response,
) -> None:
    await response.open(a_plan(channels=("nobody",), fresh_for=timedelta(seconds=1)))

    late = outcome(await response.publish(), "nobody")

    assert late.state is S.SUPERSEDED
    assert late.explanation.what == "No worker for nobody took it while it was fresh."
    assert late.explanation.next_step.advice == "Start one, then propose it again."


async def test_an_attempt_that_another_worker_never_finished_is_looked_for(
    response: Response,
) -> None:
    """A publication whose workflow was lost after the reservation starts with a look."""
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")
    await wire.taken()
    await response.client.get_workflow_handle(response.child(1, "twitter")).terminate("lost")
    assert state(await response.settled(), "twitter") is S.UNKNOWN
    wire.ends(Fault(OutcomeUnknown, published=True))

    await settle(response, went_out=False)

    assert state(await response.settled(), "twitter") is S.ACCEPTED


async def test_a_newer_progress_update_overtakes_the_one_that_still_waits(
    response: Response,
) -> None:
    await response.open()
    await response.publish()
    older = await response.propose(MessageKind.PROGRESS_UPDATE)
    newer = await response.propose(MessageKind.PROGRESS_UPDATE)

    await response.decide(newer, "noor")

    await response.settled(3)
    assert (await response.message(2)).phase is MessagePhase.SUPERSEDED
    with pytest.raises(Refusal, match="Message 2 is superseded"):
        await response.decide(older, "noor")
    assert 2 not in response.world.public()


async def test_a_throttled_progress_update_is_superseded_and_never_sent_late(
    response: Response,
) -> None:
    await response.open(a_plan(channels=("twitter",)))
    await response.publish()
    response.world.provider("twitter", throttles(timedelta(minutes=15)))
    await response.decide(await response.propose(MessageKind.PROGRESS_UPDATE), "noor")
    await eventually(lambda: _tried(response, 2, "twitter"))

    await response.publish(MessageKind.PROGRESS_UPDATE)

    assert state(await response.settled(2), "twitter") is S.SUPERSEDED
    assert response.world.public() == [1, 3]


async def _attempts(response: Response, many: int) -> bool:
    return len(response.world.attempts) >= many


async def _tried(response: Response, number: int, channel: str) -> bool:
    row = response.world.rows.get((number, channel))
    return row is not None and row.attempt > 0 and row.state is S.PLANNED


async def test_a_post_has_no_batches_to_be_settled(response: Response) -> None:
    await response.open()
    await response.publish()

    said = Settle(message=1, channel="twitter", actor=person("sam"), went_out=True, batches=(1,))
    with pytest.raises(Refusal, match="has no batches"):
        await response.tell("settle", said, MessageStatus)
