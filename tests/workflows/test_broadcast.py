"""Mail goes to everybody once, a few ranges at a time, and what is unknown is settled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.explanation import Action, explained
from domain.message import MessageKind
from domain.playbook import BroadcastPlan, Playbook
from domain.publication import PublicationState
from domain.stage import Stage
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.mailing import Answer
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, outcome, person, state, why
from workflows.contract.lifecycle import Advance
from workflows.contract.steering import RetryChannel, Settle
from workflows.policies import (
    BATCHES_PER_ACTIVITY,
    FEWEST_BATCHES_PER_ACTIVITY,
    MOST_DEFERRALS,
    MOST_REQUESTS_PER_ACTIVITY,
)

S = PublicationState
SOON = timedelta(milliseconds=300)
LATER = timedelta(minutes=10)


def mail(in_flight: int = 3, window: timedelta = SOON) -> Playbook:
    """A plan that sends ten recipients a request, and waits for events only shortly."""
    return a_plan(
        channels=("email",),
        broadcast=BroadcastPlan(batch_size=10, in_flight=in_flight, unknown_window=window),
    )


async def start(response: Response, plan: Playbook | None = None, batches: int = 45) -> None:
    """Open, propose and sign an announcement to so many batches of recipients."""
    response.world.mail.recipients = batches * 10
    await response.open(plan or mail())
    await response.decide(await response.propose(), "noor")


async def test_everybody_gets_the_mail_once(response: Response) -> None:
    response.world.mail.recipients = 447
    await response.open(mail())
    await response.decide(await response.propose(), "noor")

    message = await response.settled()

    assert why(message, "email") == "447 of 447 recipients accepted."
    assert sorted(response.world.mail.sent) == list(range(1, 46))


async def test_no_more_requests_are_on_the_wire_than_the_plan_says(response: Response) -> None:
    held = response.world.mail.holds(after=1)
    await start(response, mail(in_flight=3 * MOST_REQUESTS_PER_ACTIVITY + 1), batches=1200)
    # On a busy machine a range that is not held may be over before the next one begins.
    await eventually(lambda: _is(response.world.mail.in_flight >= 3))
    held.set()

    await response.settled()

    assert response.world.mail.most_in_flight == 3
    assert set(response.world.mail.at_once) == {MOST_REQUESTS_PER_ACTIVITY}


async def test_a_small_number_of_requests_is_made_by_one_activity(response: Response) -> None:
    await start(response, mail(in_flight=3), batches=30)

    await response.settled()

    assert response.world.mail.most_in_flight == 1
    assert set(response.world.mail.at_once) == {3}


async def test_the_first_batch_is_a_range_of_its_own_so_that_it_tells_soonest(
    response: Response,
) -> None:
    await start(response)

    await response.settled()

    ranges = sorted(response.world.mail.ranges)
    assert ranges[0] == (1, 1)
    assert ranges[1] == (2, 45)


async def test_the_first_batch_has_ended_before_any_other_begins(response: Response) -> None:
    await start(response, mail(in_flight=2 * MOST_REQUESTS_PER_ACTIVITY))

    await response.settled()

    first, second, *_ = response.world.mail.sent_before
    assert (first, second) == (0, 1)
    assert response.world.mail.most_in_flight == 2


async def test_ranges_are_large_while_much_is_left_and_small_at_the_end(
    response: Response,
) -> None:
    await start(response, mail(in_flight=4 * MOST_REQUESTS_PER_ACTIVITY), batches=1000)

    await response.settled()

    sizes = [last - first + 1 for first, last in sorted(response.world.mail.ranges)][1:]
    assert sizes[:4] == [BATCHES_PER_ACTIVITY] * 4
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-2] == FEWEST_BATCHES_PER_ACTIVITY
    assert sum(sizes) == 999


async def test_what_a_range_hands_back_is_sent_by_another(response: Response) -> None:
    response.world.mail.hands_back_after = 2
    await start(response, mail(in_flight=2), batches=30)

    message = await response.settled()

    assert why(message, "email") == "300 of 300 recipients accepted."
    assert sorted(response.world.mail.sent) == list(range(1, 31))


async def test_people_count_as_told_once_the_first_batch_was_accepted(
    response: Response,
) -> None:
    response.world.mail.batch(2, *[Answer.THROTTLES] * 1000)
    await start(response)

    message = await response.until(lambda one: one.told)

    assert state(message, "email") is S.SENDING
    assert await response.says("told") == ["email: message 1 to customers: first batch"]
    response.world.mail.forget_answers()
    await response.settled()


async def test_how_far_it_has_come_can_be_asked(response: Response) -> None:
    held = response.world.mail.holds()
    await start(response, batches=12)
    await response.world.mail.reached.wait()

    before = await response.progress()
    held.set()
    await response.settled()

    assert (before.recipients, before.accepted) == (120, 0)
    after = await response.progress()
    assert after.accepted == 120
    assert after.per_second() > 0


async def test_a_batch_that_is_throttled_is_sent_later_and_once(response: Response) -> None:
    response.world.mail.batch(5, Answer.THROTTLES, Answer.THROTTLES)
    await start(response)

    await response.settled()

    assert sorted(response.world.mail.sent) == list(range(1, 46))


async def test_an_event_settles_a_batch_whose_answer_was_lost(response: Response) -> None:
    response.world.mail.batch(7, Answer.LOST_AFTER_SENDING)
    await start(response, mail(window=LATER))
    await eventually(lambda: _is(response.world.mail.asked))

    response.world.mail.event_proves(7)
    await response.passes(timedelta(minutes=1), 1, "email")

    message = await response.settled()
    assert state(message, "email") is S.ACCEPTED
    assert why(message, "email") == "450 of 450 recipients accepted."
    assert response.world.mail.sent.count(7) == 1


async def test_safety_mail_without_any_event_is_sent_again_when_the_window_closes(
    response: Response,
) -> None:
    response.world.mail.batch(7, Answer.LOST_BEFORE_SENDING)
    await start(response)

    message = await response.settled()

    assert state(message, "email") is S.ACCEPTED
    assert response.world.mail.sent.count(7) == 1
    assert response.world.mail.tries[7] == 2


async def test_goodwill_mail_without_any_event_is_never_sent_again_by_itself(
    response: Response,
) -> None:
    await response.open(mail())
    response.world.mail.recipients = 10
    await response.resolve()
    response.world.mail.forget_batches()
    response.world.mail.recipients = 120
    response.world.mail.batch(7, Answer.LOST_AFTER_SENDING)

    message = await response.publish(MessageKind.GOODWILL_OFFER)

    unknown = outcome(message, "email")
    assert unknown.state is S.UNKNOWN
    assert unknown.explanation.what == (
        "1 batch got no answer and no event; 110 of 120 recipients accepted."
    )
    assert unknown.explanation.next_step.action is Action.LIST_UNKNOWN
    assert response.world.mail.tries[7] == 1


async def test_who_reads_the_status_learns_why_mail_was_not_sent_again(response: Response) -> None:
    response.world.mail.batch(7, Answer.LOST_AFTER_SENDING, Answer.LOST_AFTER_SENDING)
    response.world.mail.kept_back = explained(
        "No event came.", "Start the webhook receiver.", means="Silence proves nothing."
    )
    await start(response)

    unknown = outcome(await response.settled(), "email")

    assert unknown.state is S.UNKNOWN
    assert unknown.explanation.what.endswith("recipients accepted.")
    assert unknown.explanation.means == "Silence proves nothing."
    assert unknown.explanation.next_step.advice == "Start the webhook receiver."


async def test_a_person_who_saw_that_a_batch_did_not_go_out_has_it_sent(
    response: Response,
) -> None:
    response.world.mail.batch(7, *[Answer.LOST_BEFORE_SENDING] * 3)
    await start(response)
    assert state(await response.settled(), "email") is S.UNKNOWN

    said = Settle(message=1, channel="email", actor=person("sam"), went_out=False)
    await response.tell("settle", said, MessageStatus)

    assert state(await response.settled(), "email") is S.ACCEPTED
    assert sorted(response.world.mail.sent) == list(range(1, 46))


async def test_a_person_may_answer_for_single_batches(response: Response) -> None:
    for number in (7, 20, 31):
        response.world.mail.batch(number, *[Answer.LOST_BEFORE_SENDING] * 3)
    await start(response)
    assert state(await response.settled(), "email") is S.UNKNOWN

    went_out = Settle(
        message=1, channel="email", actor=person("sam"), went_out=True, batches=(7, 31)
    )
    partly = await response.tell("settle", went_out, MessageStatus)
    assert state(partly, "email") is S.UNKNOWN
    did_not = Settle(message=1, channel="email", actor=person("sam"), went_out=False, batches=(20,))
    await response.tell("settle", did_not, MessageStatus)

    assert state(await response.settled(), "email") is S.ACCEPTED
    assert response.world.mail.sent.count(20) == 1
    assert {7, 31}.isdisjoint(response.world.mail.sent)


async def test_a_single_batch_is_settled_while_the_others_are_on_their_way(
    response: Response,
) -> None:
    response.world.mail.batch(7, Answer.LOST_BEFORE_SENDING)
    await start(response, mail(window=LATER))
    await eventually(lambda: _is(response.world.mail.asked))

    said = Settle(message=1, channel="email", actor=person("sam"), went_out=False, batches=(7,))
    await response.tell("settle", said, MessageStatus)
    await response.passes(timedelta(minutes=1), 1, "email")

    assert state(await response.settled(), "email") is S.ACCEPTED
    assert response.world.mail.sent.count(7) == 1


async def test_a_broadcast_under_way_is_settled_by_naming_its_batches_only(
    response: Response,
) -> None:
    response.world.mail.batch(7, Answer.LOST_AFTER_SENDING)
    await start(response, mail(window=LATER))
    await eventually(lambda: _is(response.world.mail.asked))

    said = Settle(message=1, channel="email", actor=person("sam"), went_out=True)
    with pytest.raises(Refusal, match="is sending"):
        await response.tell("settle", said, MessageStatus)


@pytest.mark.parametrize(
    ("channel", "says"), [("email", "is accepted"), ("twitter", "does not go out on twitter")]
)
async def test_batches_are_named_only_where_something_is_unknown(
    response: Response, channel: str, says: str
) -> None:
    await start(response)
    await response.settled()

    said = Settle(message=1, channel=channel, actor=person("sam"), went_out=True, batches=(1,))
    with pytest.raises(Refusal, match=says):
        await response.tell("settle", said, MessageStatus)


async def test_a_closed_account_stops_the_broadcast_and_says_what_to_do(
    response: Response,
) -> None:
    response.world.mail.batch(12, *[Answer.ACCOUNT_CLOSED] * 9)
    await start(response, mail(in_flight=1), batches=200)

    halted = outcome(await response.settled(), "email")

    assert halted.state is S.PARTLY_ACCEPTED
    assert halted.explanation.what == (
        "110 of 2,000 recipients accepted, 1,890 not sent. The account is closed."
    )
    assert halted.explanation.next_step.advice == "Have it opened, then retry the channel."
    assert halted.explanation.next_step.action is Action.RETRY
    assert await response.says("partly_accepted") == [
        f"email: message 1 to customers: {halted.explanation.what}"
    ]
    assert max(response.world.mail.sent) < 12


async def test_a_retry_sends_what_a_halted_broadcast_left_and_nothing_twice(
    response: Response,
) -> None:
    response.world.mail.batch(12, Answer.ACCOUNT_CLOSED)
    await start(response, mail(in_flight=2))
    assert state(await response.settled(), "email") is S.PARTLY_ACCEPTED

    said = RetryChannel(message=1, channel="email", actor=person("maya"))
    await response.tell("retry_channel", said, MessageStatus)

    assert why(await response.settled(), "email") == "450 of 450 recipients accepted."
    assert sorted(response.world.mail.sent) == list(range(1, 46))


async def test_a_batch_that_is_refused_does_not_stop_the_rest_and_can_be_retried(
    response: Response,
) -> None:
    response.world.mail.batch(3, Answer.REFUSES, Answer.REFUSES)
    await start(response)

    message = outcome(await response.settled(), "email")

    assert message.state is S.PARTLY_ACCEPTED
    assert message.explanation.what == (
        "440 of 450 recipients accepted, 10 not sent. The provider refused a batch."
    )
    assert response.world.mail.tries[3] == 2
    retry = RetryChannel(message=1, channel="email", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    assert why(await response.settled(), "email") == "450 of 450 recipients accepted."
    assert sorted(response.world.mail.sent) == list(range(1, 46))


@pytest.mark.parametrize("answer", [Answer.REFUSES, Answer.DEFERS])
async def test_a_batch_that_is_not_taken_at_first_goes_out_after_the_others(
    response: Response, answer: Answer
) -> None:
    response.world.mail.batch(3, answer)
    await start(response, mail(in_flight=1), batches=9)

    assert why(await response.settled(), "email") == "90 of 90 recipients accepted."
    assert response.world.mail.sent == [1, 2, 4, 5, 6, 7, 8, 9, 3]


async def test_a_batch_that_is_deferred_again_and_again_is_left_when_all_others_have_gone(
    response: Response,
) -> None:
    response.world.mail.batch(3, *[Answer.DEFERS] * 99)
    await start(response, mail(in_flight=1), batches=9)

    ended = outcome(await response.settled(), "email")

    assert ended.state is S.PARTLY_ACCEPTED
    assert ended.explanation.what.startswith("80 of 90 recipients accepted, 10 not sent.")
    assert response.world.mail.tries[3] == MOST_DEFERRALS


async def test_refusals_in_a_row_are_about_us_and_stop_the_broadcast(response: Response) -> None:
    for number in range(4, 30):
        response.world.mail.batch(number, *[Answer.REFUSES] * 2)
    await start(response, mail(in_flight=1), batches=30)

    stopped = outcome(await response.settled(), "email")

    assert stopped.state is S.PARTLY_ACCEPTED
    assert stopped.explanation.what.startswith("30 of 300 recipients accepted, 270 not sent.")
    assert [number for number, tries in response.world.mail.tries.items() if tries] == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip
    assert S.REFUSED not in response.world.mail.states.values()


async def test_batches_that_stopped_a_broadcast_do_not_stop_its_retry(response: Response) -> None:
    for number in (4, 5, 6):
        response.world.mail.batch(number, *[Answer.REFUSES] * 9)
    await start(response, mail(in_flight=1), batches=30)
    assert state(await response.settled(), "email") is S.PARTLY_ACCEPTED

    retry = RetryChannel(message=1, channel="email", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)

    ended = outcome(await response.settled(), "email")
    assert ended.explanation.what.startswith("270 of 300 recipients accepted, 30 not sent.")
    assert sorted(response.world.mail.sent) == [1, 2, 3, *range(7, 31)]


async def test_deferrals_in_a_row_make_the_broadcast_wait_and_cost_nobody(
    response: Response,
) -> None:
    for number in range(4, 7):
        response.world.mail.batch(number, Answer.DEFERS)
    await start(response, mail(in_flight=1), batches=30)

    assert why(await response.settled(), "email") == "300 of 300 recipients accepted."
    assert sorted(response.world.mail.sent) == list(range(1, 31))


async def test_a_provider_that_takes_nothing_at_all_leaves_everything_to_a_retry(
    response: Response,
) -> None:
    response.world.mail.batch(1, Answer.REFUSES, Answer.REFUSES)
    await start(response, batches=1)

    refused = outcome(await response.settled(), "email")

    assert refused.state is S.REFUSED
    assert refused.explanation.what.startswith("0 of 10 recipients accepted, 10 not sent.")


async def test_a_wait_for_the_providers_limit_is_told_and_ends_by_itself(
    response: Response,
) -> None:
    response.world.mail.throttled_for = timedelta(seconds=6)
    response.world.mail.batch(5, Answer.THROTTLES)
    await start(response, mail(in_flight=1), batches=9)

    waiting = outcome(
        await response.until(lambda one: outcome(one, "email").explanation is not None), "email"
    )

    assert waiting.state is S.SENDING
    assert waiting.explanation.what.startswith(
        "Waits because of the provider's limit, next attempt about "
    )
    assert waiting.explanation.means == "Too many requests."
    await response.passes(timedelta(seconds=7), 1, "email")
    assert why(await response.settled(), "email") == "90 of 90 recipients accepted."
    assert len(await response.says("waits")) == len(await response.says("resumed")) == 1


async def test_each_answer_of_a_limit_in_a_row_is_counted(response: Response) -> None:
    response.world.mail.batch(5, *[Answer.THROTTLES] * 3)
    await start(response, mail(in_flight=1), batches=9)

    await response.settled()

    assert response.world.mail.throttles == [0, 0, 1, 2, 3]


async def test_a_broadcast_that_waits_for_a_limit_is_withdrawn_at_once(
    response: Response,
) -> None:
    response.world.mail.throttled_for = timedelta(hours=1)
    response.world.mail.batch(5, Answer.THROTTLES)
    await start(response, mail(in_flight=1), batches=9)
    message = await response.until(lambda one: outcome(one, "email").explanation is not None)

    withdrawn = outcome(await response.withdraw(message), "email")

    assert withdrawn.state is S.WITHDRAWN
    assert withdrawn.explanation.what == "Stopped with 40 of 90 recipients accepted, 50 not sent."


async def test_what_was_on_the_wire_when_the_provider_stopped_is_known_before_a_retry(
    response: Response,
) -> None:
    response.world.mail.batch(3, Answer.LOST_BEFORE_SENDING)
    response.world.mail.batch(4, Answer.ACCOUNT_CLOSED)
    await start(response, mail(in_flight=1), batches=9)

    stopped = outcome(await response.settled(), "email")

    assert stopped.state is S.PARTLY_ACCEPTED
    assert stopped.explanation.what.startswith("20 of 90 recipients accepted, 70 not sent.")


async def test_a_withdrawn_broadcast_ends_within_the_batches_on_the_wire(
    response: Response,
) -> None:
    held = response.world.mail.holds(after=1)
    response.world.mail.recipients = 2_000
    await response.open(mail(in_flight=2 * MOST_REQUESTS_PER_ACTIVITY))
    message = await response.propose()
    await response.decide(message, "noor")
    await eventually(lambda: _is(response.world.mail.in_flight == 2))

    withdrawing = asyncio.create_task(response.withdraw(message))
    await eventually(lambda: _is(response.world.mail.stopped))
    held.set()

    withdrawn = outcome(await withdrawing, "email")
    assert withdrawn.state is S.WITHDRAWN
    assert withdrawn.explanation.what == (
        "Stopped with 30 of 2,000 recipients accepted, 1,970 not sent."
    )
    assert withdrawn.explanation.next_step.advice == "Mail cannot be recalled."
    assert len(response.world.mail.sent) == 3


async def test_a_batch_that_comes_back_unsent_after_the_withdrawal_is_not_sent_later(
    response: Response,
) -> None:
    """The ledger plans it again and the server retries its range, after everything was stopped."""
    held = response.world.mail.holds()
    response.world.mail.batch(1, Answer.THROTTLES)
    response.world.mail.recipients = 10
    await response.open(mail())
    message = await response.propose()
    await response.decide(message, "noor")
    await response.world.mail.reached.wait()

    withdrawing = asyncio.create_task(response.withdraw(message))
    await eventually(lambda: _is(response.world.mail.stopped))
    held.set()

    assert outcome(await withdrawing, "email").state is S.WITHDRAWN
    assert response.world.mail.sent == []
    assert response.world.mail.states[1] is S.WITHDRAWN


async def test_a_withdrawn_broadcast_still_waits_for_the_events_of_what_was_on_the_wire(
    response: Response,
) -> None:
    held = response.world.mail.holds()
    response.world.mail.batch(1, Answer.LOST_AFTER_SENDING)
    response.world.mail.recipients = 10
    await response.open(mail(window=LATER))
    message = await response.propose()
    await response.decide(message, "noor")
    await response.world.mail.reached.wait()
    withdrawing = asyncio.create_task(response.withdraw(message))
    await eventually(lambda: _is(response.world.mail.stopped))
    held.set()
    await eventually(lambda: _is(response.world.mail.asked))

    response.world.mail.event_proves(1)
    await response.passes(timedelta(minutes=1), 1, "email")

    assert why(await withdrawing, "email") == ("Stopped with 10 of 10 recipients accepted.")


async def test_an_audience_of_whom_nobody_may_be_written_to_is_not_called_told(
    response: Response,
) -> None:
    response.world.mail.suppressed = 30
    await start(response, batches=0)

    message = await response.settled()

    assert outcome(message, "email").state is S.REFUSED
    assert why(message, "email") == ("Nobody in the audience may be written to: 30 suppressed.")
    assert not message.told


async def test_a_dead_mail_account_does_not_stop_the_posts(response: Response) -> None:
    response.world.mail.recipients = 100
    response.world.mail.batch(1, Answer.ACCOUNT_CLOSED)
    await response.open(a_plan(channels=("email", "twitter", "facebook")))

    message = await response.publish()

    assert [one.state for one in message.outcomes] == [S.REFUSED, S.ACCEPTED, S.ACCEPTED]


async def test_news_of_a_channel_that_cannot_be_true_change_nothing(response: Response) -> None:
    await response.open()
    await response.propose()
    sending = {"channel": "twitter", "state": "sending"}
    untrue: list[list[object]] = [
        [],
        [b"\xff"],
        ["x", "y"],
        [{"message": 9}],
        [{"message": 9, "outcome": sending}],
        [{"message": 1, "outcome": sending}],
    ]

    for news in untrue:
        await response.handle.signal("channel_news", args=news)

    with pytest.raises(Refusal, match="nobody has been told yet"):
        await response.tell(
            "advance", Advance(to=Stage.ASSURE, actor=person("maya")), MessageStatus
        )


async def _is(value: object) -> object:
    return value


async def test_a_batch_that_a_late_worker_brings_back_unsent_is_sent_after_all(
    response: Response,
) -> None:
    """It was planned again after everything had been handed out, and nobody looked there."""
    response.world.mail.batch(3, Answer.LOST_BEFORE_SENDING)
    response.world.mail.is_brought_back(3)
    await start(response, mail(window=timedelta(minutes=10)), batches=5)

    message = await response.settled()

    assert sorted(response.world.mail.sent) == [1, 2, 3, 4, 5]
    assert why(message, "email") == "50 of 50 recipients accepted."


async def test_a_message_goes_to_each_of_several_audiences(response: Response) -> None:
    response.audiences = ("customers", "page")
    response.world.mail.recipients = 30
    await response.open(mail())

    message = await response.publish()

    ended = [(one.audience, one.state) for one in message.outcomes]
    assert ended == [("customers", S.ACCEPTED), ("page", S.ACCEPTED)]
    assert sorted(response.world.children) == [(1, "email/customers"), (1, "email/page")]
    assert sorted(response.world.mail_to("page").sent) == [1, 2, 3]


async def test_one_of_several_audiences_is_steered_by_its_name(response: Response) -> None:
    response.audiences = ("customers", "page")
    response.world.mail.recipients = 30
    await response.open(mail())
    await response.publish()
    said = RetryChannel(message=1, channel="email", actor=person("maya"))

    with pytest.raises(Refusal, match="several audiences on email: customers, page"):
        await response.tell("retry_channel", said, MessageStatus)
    with pytest.raises(Refusal, match="on email to page is accepted"):
        await response.tell(
            "retry_channel", said.model_copy(update={"audience": "page"}), MessageStatus
        )
