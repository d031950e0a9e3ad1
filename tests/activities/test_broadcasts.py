"""Sending mail to an audience: what each way of ending leaves in the ledger and in inboxes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.signatures.broadcasts import PutAside, StopBroadcast
from channels.batch import Batch
from channels.contract import (
    BadCredentials,
    BadRecipient,
    BroadcastRefused,
    Deferred,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)
from domain.explanation import explained
from domain.publication import PublicationState
from store.broadcasts import batch_outcomes, batches, silence
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.people import suppressions
from tests.activities.conftest import NOON
from tests.activities.mail import (
    Mailer,
    Post,
    address,
    approved,
    customers,
    ending_in,
    letter,
    nothing,
    number_of,
    one_each,
)
from tests.sealing import gates

S = PublicationState


class Killed(BaseException):
    """The process died here: nothing after this line of it ran."""


@pytest.fixture
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
async def post(ledger: Database, mailer: Mailer) -> Post:
    """Thirty customers in three batches."""
    return await approved(ledger, mailer, letter(await customers(ledger, 30)))


async def test_everybody_gets_one_mail(post: Post, mailer: Mailer) -> None:
    sent = await post.send()
    assert (sent.accepted, sent.unknown_batches) == (30, 0)
    assert mailer.mails() == one_each(30)


async def test_a_range_that_is_sent_again_reports_the_same_and_sends_nothing(
    post: Post, mailer: Mailer
) -> None:
    first = await post.send()
    assert await post.send(attempt=2) == first.model_copy(update={"taken": 0, "begun": None})
    assert mailer.mails() == one_each(30)


async def test_workers_that_got_the_same_range_send_each_batch_once(
    post: Post, mailer: Mailer
) -> None:
    await asyncio.gather(*(post.send() for _ in range(5)))
    assert mailer.mails() == one_each(30)


async def test_every_request_bears_the_marks_by_which_its_events_are_known(
    post: Post, mailer: Mailer
) -> None:
    await post.send()
    key = post.planned.key
    assert [batch.key for batch in mailer.book] == [f"{key}.{number}.1" for number in (1, 2, 3)]
    deliveries = [one.delivery for batch in mailer.book for one in batch.addressees]
    assert deliveries == [f"{key}.{position}" for position in range(1, 31)]


# --- a worker dies ----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_worker_that_dies_on_the_wire_leaves_a_batch_that_nobody_sends_again(
    post: Post, mailer: Mailer, where: str
) -> None:
    setattr(mailer, where, ending_in(Killed(), on=2))
    with pytest.raises(Killed):
        await post.send()
    setattr(mailer, where, nothing)

    sent = await post.send(attempt=2)

    assert sent.unknown_batches == 1
    assert [number_of(batch) for batch in mailer.requests] == [1, 2, 3]


async def test_a_worker_that_dies_before_it_has_the_batch_leaves_it_to_the_next(
    post: Post, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(batches, "reserve_batch", dying)
        await post.send()
    await post.send(attempt=2)
    assert mailer.mails() == one_each(30)


async def test_a_worker_that_dies_between_the_providers_stop_and_the_ledger_sends_nothing_twice(
    post: Post, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch that was refused looks as if it could have gone out, until silence says not."""
    blocked = BroadcastRefused("SendGrid: blocked.", "Look.")
    mailer.before = ending_in(blocked, on=2)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(batch_outcomes, "batch_nothing_went_out", dying)
        await post.send()
    mailer.before = ending_in(blocked)

    stopped = await post.send(attempt=2)
    settled = await post.settle(release=True)

    assert (stopped.halted, stopped.accepted, stopped.unknown_batches) == (True, 10, 1)
    assert (settled.accepted, settled.not_sent, settled.unknown_batches) == (10, 20, 0)
    mailer.before = nothing
    await post.plan_again()
    await post.send()
    assert mailer.mails() == one_each(30)


@pytest.mark.parametrize(("number", "step"), [(1, "reserve_batch"), (3, "accept_batch")])
async def test_a_worker_that_dies_between_the_answer_and_the_ledger_sends_nothing_twice(
    post: Post, mailer: Mailer, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    """An answer is entered with the reservation of the next batch, and that of the last alone."""
    enter = getattr(batches, step)

    async def die_after_the_wire(*args: object, **named: object) -> object:
        if len(mailer.book) == number:
            raise Killed
        return await enter(*args, **named)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(batches, step, die_after_the_wire)
        await post.send()
    await post.send(attempt=2)
    await post.hear_of(mailer.book[number - 1])

    settled = await post.settle(release=True)

    assert (settled.accepted, settled.unknown_batches, settled.released) == (30, 0, ())
    assert mailer.mails() == one_each(30)


async def test_a_worker_that_is_shut_down_still_enters_its_last_answer(
    post: Post, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = batches.accept_batch
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*args: object) -> object:
        reached.set()
        await go_on.wait()
        return await accept(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "accept_batch", slowly)
    sending = asyncio.create_task(post.send())
    await reached.wait()
    sending.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(sending, return_exceptions=True)

    last = await batches.find_batch(post.ledger, post.planned.broadcast, 3)
    assert last.state is S.ACCEPTED


async def dying(*_: object, **__: object) -> object:
    raise Killed


async def test_a_ledger_that_is_away_after_the_wire_leads_to_no_second_mail(
    post: Post, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> object:
        raise StoreUnavailable("The disk is full.", "Nothing was kept.", "Free some space.")

    with monkeypatch.context() as patch, pytest.raises(ApplicationError) as failure:
        patch.setattr(batches, "accept_batch", away)
        await post.send()
    await post.send(attempt=2)
    assert not failure.value.non_retryable
    assert mailer.mails() == one_each(30)


async def test_silence_about_a_lost_batch_sends_it_once_more_and_only_it(
    post: Post, mailer: Mailer
) -> None:
    mailer.before = ending_in(Killed(), on=2)
    with pytest.raises(Killed):
        await post.send()
    mailer.before = nothing
    await post.send(attempt=2)

    settled = await post.settle(release=True)
    await post.send(*settled.released, *settled.released)

    assert settled.released == (2,)
    assert mailer.mails() == one_each(30)


async def test_a_batch_that_silence_says_nothing_about_is_kept_back_and_that_is_said(
    post: Post, mailer: Mailer
) -> None:
    """Two batches were accepted meanwhile, and no event of those has come either."""
    mailer.after = ending_in(OutcomeUnknown("SendGrid: no answer."), on=1)
    await post.send()
    assert (await post.settle()).kept_back is None

    settled = await post.settle(release=True, heard=False)

    assert (settled.released, settled.unknown_batches) == ((), 1)
    assert settled.kept_back == silence.OF_BROADCAST
    assert (await post.settle()).kept_back == silence.OF_BROADCAST


async def test_a_lost_batch_is_not_sent_again_before_its_window_has_closed(
    post: Post, mailer: Mailer
) -> None:
    mailer.after = ending_in(OutcomeUnknown("SendGrid: no answer."), on=2)
    await post.send()
    assert (await post.settle()).released == ()
    assert (await post.send(attempt=2)).unknown_batches == 1
    assert mailer.mails() == one_each(30)


async def test_a_worker_that_wakes_up_late_cannot_give_away_what_another_is_sending(
    post: Post, mailer: Mailer
) -> None:
    """It was taken for dead while it waited for a connection, and its batch went to another."""
    asleep, on_the_wire, woken = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def sleep_then_fail(batch: Batch) -> None:
        if batch.key.endswith(".1.1"):
            asleep.set()
            await woken.wait()
            raise Unreachable("SendGrid: no connection.")
        on_the_wire.set()

    mailer.before = sleep_then_fail
    old = asyncio.create_task(post.send(1, 1))
    async with asyncio.timeout(10):
        await asleep.wait()
    await post.send(1, 1, attempt=2)
    await post.settle(release=True)

    async def while_another_sends(_: Batch) -> None:
        woken.set()
        async with asyncio.timeout(10):
            with pytest.raises(ApplicationError):
                await old
        assert (await batches.find_batch(post.ledger, post.planned.broadcast, 1)).state is (
            S.SENDING
        )

    mailer.after = while_another_sends
    assert (await post.send(1, 1)).accepted == 10
    assert on_the_wire.is_set()


# --- what a provider answers ------------------------------------------------------------------


async def test_a_recipient_whom_the_provider_names_is_left_out_and_the_others_get_theirs(
    post: Post, mailer: Mailer
) -> None:
    async def pick(batch: Batch) -> None:
        bad = [i for i, one in enumerate(batch.addressees) if one.address == address(13)]
        if bad:
            raise BadRecipient("SendGrid: one is bad.", positions=bad)

    mailer.before = pick
    sent = await post.send()
    expected = one_each(30)
    del expected[address(13)]
    assert mailer.mails() == expected
    assert (sent.accepted, sent.refused, sent.halted) == (29, 1, False)


async def test_a_batch_of_nothing_but_bad_recipients_is_closed_and_the_next_one_sent(
    post: Post, mailer: Mailer
) -> None:
    async def refuse_all(batch: Batch) -> None:
        if number_of(batch) == 1:
            raise BadRecipient("SendGrid: bad.", positions=range(len(batch.addressees)))

    mailer.before = refuse_all
    sent = await post.send()
    assert (sent.accepted, sent.refused, sent.unknown_batches) == (20, 10, 0)
    assert [number_of(batch) for batch in mailer.requests] == [1, 2, 3]


@pytest.mark.parametrize(
    "error",
    [
        Refused("SendGrid: no.", "Look."),
        BadRecipient("SendGrid: no.", positions=[], next_step="Look."),
    ],
    ids=["unclear", "over recipients that it does not name"],
)
async def test_a_batch_that_is_refused_is_put_aside_and_the_rest_of_its_range_handed_back(
    post: Post, mailer: Mailer, error: Exception
) -> None:
    """Whoever watches over the whole broadcast finds out whether others are accepted."""
    mailer.before = ending_in(error, on=2)
    sent = await post.send()
    assert (sent.reached, sent.taken, sent.accepted, sent.refused) == (2, 1, 10, 0)
    assert sent.aside == PutAside(number=2)
    assert sent.explanation == explained("SendGrid: no.", "Look.")
    rest = await post.send(3)
    assert (rest.reached, rest.accepted, rest.refused) == (None, 10, 0)
    mailer.before = nothing
    await post.send(2, 2)
    assert mailer.mails() == one_each(30)


@pytest.mark.parametrize("certain", [True, False])
async def test_a_batch_that_is_deferred_is_put_aside_until_then(
    post: Post, mailer: Mailer, certain: bool
) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    mailer.before = ending_in(Deferred("SMTP: later.", until=until, certain=certain), on=2)
    sent = await post.send()
    assert sent.aside == PutAside(number=2, until=until, certain=certain)
    assert (await post.progress()).planned == 20


async def test_a_batch_refused_in_its_last_try_stays_refused_until_a_retry(
    post: Post, mailer: Mailer
) -> None:
    mailer.before = ending_in(Refused("SendGrid: no.", "Look."), on=2)
    await post.send()
    sent = await post.send(2, 2, last_try=True)
    assert (sent.aside, sent.refused, sent.explanation.what) == (None, 10, "SendGrid: no.")
    assert (await post.progress()).batches[S.REFUSED] == 1
    mailer.before = nothing

    again = await post.plan_again()
    await post.send()

    assert (again.tried, again.batches) == ((2,), 3)
    assert mailer.mails() == one_each(30)


async def test_the_only_recipient_of_a_batch_refused_in_its_last_try_is_refused(
    ledger: Database, mailer: Mailer
) -> None:
    single = await approved(ledger, mailer, letter(await customers(ledger, 3)), batch_size=1)
    mailer.before = ending_in(Refused("SMTP: no.", "Look."), on=2)
    await single.send()
    await single.send(2, 2, last_try=True)
    await single.send(3)
    mailer.before = nothing

    await single.plan_again()
    await single.send()

    progress = await single.progress()
    assert (progress.went_out, progress.refused, progress.refused_unsent) == (2, 1, 0)
    assert sorted(mailer.mails()) == [address(1), address(3)]


async def test_a_range_that_takes_long_is_handed_back(
    post: Post, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.broadcasts.HAND_BACK_AFTER", 0.0)
    sent = await post.send()
    assert (sent.reached, sent.accepted) == (1, 10)
    assert mailer.mails() == one_each(10)


async def test_what_did_not_go_out_goes_out_later_and_once(post: Post, mailer: Mailer) -> None:
    mailer.before = ending_in(Unreachable("SendGrid: no connection."), on=2)
    with pytest.raises(ApplicationError) as failure:
        await post.send()
    assert not failure.value.non_retryable
    assert (await post.progress()).planned == 20
    mailer.before = nothing
    await post.send(attempt=2)
    assert mailer.mails() == one_each(30)


async def test_a_throttled_range_is_handed_back_until_the_provider_said(
    post: Post, mailer: Mailer
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=40)
    mailer.before = ending_in(Throttled("SendGrid: wait.", until=until), on=2)
    sent = await post.send()
    assert (sent.reached, sent.accepted, sent.taken) == (1, 10, 1)
    assert sent.limit is not None
    assert abs(sent.limit.until - until) < timedelta(seconds=1)
    assert (sent.limit.times, sent.explanation.what) == (1, "SendGrid: wait.")
    mailer.before = nothing
    await post.send(2)
    assert mailer.mails() == one_each(30)


@pytest.mark.parametrize("away", [timedelta(days=-1), timedelta(0), timedelta(days=40)])
async def test_a_limit_without_a_usable_time_keeps_us_waiting_longer_each_time(
    post: Post, mailer: Mailer, away: timedelta
) -> None:
    mailer.before = ending_in(Throttled("SendGrid: wait.", until=datetime.now(UTC) + away))
    waits = []
    for throttles in range(12):
        sent = await post.send(1, 1, throttles=throttles)
        assert sent.limit is not None
        waits.append(round((sent.limit.until - datetime.now(UTC)).total_seconds()))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert (await post.send(1, 1)).reached == 0


@pytest.mark.parametrize("kind", [BadCredentials, BroadcastRefused])
async def test_a_refusal_about_us_halts_the_broadcast_and_loses_nobody(
    post: Post, mailer: Mailer, kind: type[Refused]
) -> None:
    mailer.before = ending_in(kind("SendGrid: bad key.", "Renew it."), on=2)
    sent = await post.send()
    assert (sent.halted, sent.explanation) == (
        True,
        explained("SendGrid: bad key.", "Renew it."),
    )
    assert [number_of(batch) for batch in mailer.requests] == [1, 2]
    mailer.before = nothing
    await post.send()
    assert mailer.mails() == one_each(30)


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("SendGrid: no answer."), RuntimeError("a mistake in an adapter")]
)
async def test_an_answer_that_was_lost_is_unknown_until_an_event_tells(
    post: Post, mailer: Mailer, error: Exception
) -> None:
    mailer.after = ending_in(error, on=2)
    sent = await post.send()
    assert (sent.accepted, sent.unknown_batches) == (20, 1)
    await post.hear_of(mailer.book[1])
    settled = await post.settle()
    assert (settled.accepted, settled.unknown_batches) == (30, 0)


async def test_an_event_that_beats_the_answer_keeps_a_released_batch_from_going_again(
    post: Post, mailer: Mailer
) -> None:
    mailer.after = ending_in(OutcomeUnknown("SendGrid: no answer."), on=2)
    await post.send()
    settled = await post.settle(release=True)
    assert settled.released == (2,)
    await post.hear_of(mailer.book[1])
    await post.send(2, 2)
    assert mailer.mails() == one_each(30)


# --- whoever must not get it --------------------------------------------------------------------


async def test_whoever_was_suppressed_since_the_planning_gets_nothing(
    post: Post, mailer: Mailer
) -> None:
    await suppressions.add(post.ledger, address(13), "unsubscribed", None, "console", NOON)
    sent = await post.send()
    assert sent.accepted == 29
    assert address(13) not in mailer.mails()


async def test_a_batch_in_which_everybody_was_suppressed_makes_no_request(
    post: Post, mailer: Mailer
) -> None:
    for number in range(1, 11):
        await suppressions.add(post.ledger, address(number), "asked", None, "console", NOON)
    await post.send()
    assert [number_of(batch) for batch in mailer.requests] == [2, 3]


# --- stopping -----------------------------------------------------------------------------------


async def test_what_was_called_off_is_not_sent_by_a_range_that_comes_late(
    post: Post, mailer: Mailer
) -> None:
    await post.send(1, 1)
    stop = StopBroadcast(broadcast=post.planned.broadcast, to=S.WITHDRAWN)
    await ActivityEnvironment().run(post.activities().stop_broadcast, stop)
    await post.send(2, 3)
    assert mailer.mails() == one_each(10)
    assert (await post.progress()).batches == {S.ACCEPTED: 1, S.WITHDRAWN: 2}


async def test_calling_off_ends_a_running_range_at_its_next_batch(
    post: Post, mailer: Mailer
) -> None:
    async def call_off(batch: Batch) -> None:
        stop = StopBroadcast(broadcast=post.planned.broadcast, to=S.SUPERSEDED)
        await ActivityEnvironment().run(post.activities().stop_broadcast, stop)

    mailer.before = call_off
    sent = await post.send()
    assert sent.accepted == 10
    assert mailer.mails() == one_each(10)


async def test_what_is_no_longer_fresh_is_superseded_and_not_sent(
    post: Post, mailer: Mailer
) -> None:
    """Its batches stayed planned for ever: neither sent nor said to be called off."""
    sent = await post.send(fresh_until=datetime.now(UTC) - timedelta(seconds=1))
    assert sent.halted
    assert "too old to send" in sent.explanation.what
    assert not mailer.requests
    assert (await post.progress()).batches == {S.SUPERSEDED: 3}


async def test_mail_that_nobody_got_before_the_time_it_promises_is_not_begun(
    post: Post, mailer: Mailer
) -> None:
    sent = await post.send(begin_by=datetime.now(UTC) - timedelta(seconds=1))
    assert sent.halted
    assert not mailer.requests
    assert (await post.progress()).batches == {S.SUPERSEDED: 3}


async def test_mail_that_has_begun_is_finished_after_the_time_it_promises(
    post: Post, mailer: Mailer
) -> None:
    """Most of an audience told, and the rest not, would be worse than a late mail."""
    await post.send(first=1, last=1)
    await post.send(first=2, last=3, begin_by=datetime.now(UTC) - timedelta(seconds=1))
    assert mailer.mails() == one_each(30)


# --- workers without what it takes --------------------------------------------------------------


async def test_a_channel_that_this_worker_does_not_have_says_what_to_do(post: Post) -> None:
    other = BroadcastActivities(post.ledger, {}, gates(post.ledger), None)
    with pytest.raises(ApplicationError, match="no direct channel email") as failure:
        await ActivityEnvironment().run(other.send_batches, post.order())
    assert "FRONTFOOT_CHANNELS" in str(failure.value.details[0])
