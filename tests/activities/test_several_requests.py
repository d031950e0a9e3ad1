"""One range with several requests on the wire at once: nothing is lost, nothing goes twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.signatures.broadcasts import PutAside
from channels.batch import Batch
from channels.contract import BroadcastRefused, Refused, Throttled, Unreachable
from domain.publication import PublicationState
from store.broadcasts import batches, broadcasts
from store.kernel.database import Database
from tests.activities.mail import (
    Mailer,
    Post,
    approved,
    customers,
    letter,
    nothing,
    number_of,
    one_each,
)

S = PublicationState
AT_ONCE = 4
BATCHES = 12
EVERYBODY = one_each(BATCHES * 10)


class OnTheWire:
    """Holds requests back until as many are on the wire as there may be, or ``leave`` is called."""

    def __init__(self, many: int = AT_ONCE) -> None:
        self.now = self.most = 0
        self._many = many
        self._full = asyncio.Event()

    def leave(self) -> None:
        self._full.set()

    async def __call__(self, _: Batch) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self._many:
            self._full.set()
        await self._full.wait()
        self.now -= 1


@pytest.fixture
async def post(ledger: Database) -> Post:
    """A broadcast of twelve batches of ten."""
    return await approved(ledger, Mailer(), letter(await customers(ledger, BATCHES * 10)))


async def test_as_many_requests_as_ordered_are_on_the_wire_and_no_more(post: Post) -> None:
    post.mailer.before = wire = OnTheWire()
    sent = await post.send(at_once=AT_ONCE)
    assert wire.most == AT_ONCE
    assert (sent.accepted, sent.taken, sent.reached) == (BATCHES * 10, BATCHES, None)
    assert post.mailer.mails() == EVERYBODY


async def test_a_range_shorter_than_that_is_sent_whole(post: Post) -> None:
    sent = await post.send(1, 2, at_once=AT_ONCE)
    assert (sent.accepted, sent.reached) == (20, None)
    assert [number_of(batch) for batch in post.mailer.book] == [1, 2]


async def test_what_was_accepted_beyond_a_limit_does_not_go_again(post: Post) -> None:
    wire = OnTheWire()
    until = datetime.now(UTC) + timedelta(seconds=40)

    async def limit(batch: Batch) -> None:
        await wire(batch)
        if number_of(batch) == 2:
            raise Throttled("SendGrid: wait.", until=until)

    post.mailer.before = limit
    sent = await post.send(at_once=AT_ONCE)

    assert (sent.reached, sent.accepted) == (1, 10)
    assert sent.limit is not None
    assert {number_of(batch) for batch in post.mailer.book} >= {1, 3, 4}
    post.mailer.before = nothing
    await post.send(2, at_once=AT_ONCE)
    assert post.mailer.mails() == EVERYBODY


async def test_of_two_batches_that_are_refused_the_first_is_put_aside_and_both_go_later(
    post: Post,
) -> None:
    wire = OnTheWire()

    async def refuse(batch: Batch) -> None:
        await wire(batch)
        if number_of(batch) in (2, 4):
            raise Refused("SendGrid: no.", "Look.")

    post.mailer.before = refuse
    sent = await post.send(at_once=AT_ONCE)

    assert sent.aside == PutAside(number=2)
    assert sent.reached == 3
    assert sent.accepted == 20
    post.mailer.before = nothing
    await post.send(4, at_once=AT_ONCE)
    await post.send(2, 2)
    assert post.mailer.mails() == EVERYBODY


async def test_what_is_refused_beyond_a_limit_is_not_also_put_aside(post: Post) -> None:
    """It is handed back with the rest of its range."""
    wire = OnTheWire()
    until = datetime.now(UTC) + timedelta(seconds=40)

    async def answer(batch: Batch) -> None:
        await wire(batch)
        match number_of(batch):
            case 2:
                raise Throttled("SendGrid: wait.", until=until)
            case 3:
                raise Refused("SendGrid: no.", "Look.")

    post.mailer.before = answer
    sent = await post.send(at_once=AT_ONCE)
    assert (sent.reached, sent.aside) == (1, None)
    assert sent.explanation is not None
    assert sent.explanation.what == "SendGrid: wait."
    post.mailer.before = nothing
    await post.send(2, at_once=AT_ONCE)
    assert post.mailer.mails() == EVERYBODY


async def test_others_end_and_are_entered_when_one_cannot_connect(post: Post) -> None:
    wire = OnTheWire()

    async def break_off(batch: Batch) -> None:
        await wire(batch)
        if number_of(batch) == 1:
            raise Unreachable("SendGrid: no connection.")

    post.mailer.before = break_off
    with pytest.raises(ApplicationError):
        await post.send(at_once=AT_ONCE)

    rows = [
        await batches.find_batch(post.ledger, post.planned.broadcast, number)
        for number in range(1, BATCHES + 1)
    ]
    assert rows[0].state is S.PLANNED
    assert {row.state for row in rows[1:4]} == {S.ACCEPTED}
    assert S.SENDING not in {row.state for row in rows}
    post.mailer.before = nothing
    await post.send(attempt=2, at_once=AT_ONCE)
    assert post.mailer.mails() == EVERYBODY


async def test_a_refusal_about_us_begins_nothing_more(post: Post) -> None:
    wire = OnTheWire()
    refused = BroadcastRefused("SendGrid: blocked.", "Look.")

    async def block(batch: Batch) -> None:
        await wire(batch)
        if number_of(batch) >= 2:
            raise refused

    post.mailer.before = block
    sent = await post.send(at_once=AT_ONCE)
    assert (sent.halted, sent.reached, sent.accepted) == (True, None, 10)
    # The first lane may have begun one more before the others were refused.
    assert len(post.mailer.requests) <= AT_ONCE + 1


async def test_a_pause_holds_after_what_is_on_the_wire(post: Post) -> None:
    wire = OnTheWire()

    async def pause(batch: Batch) -> None:
        if number_of(batch) == 1:
            await broadcasts.pause(post.ledger, post.planned.broadcast, paused=True)
        await wire(batch)

    post.mailer.before = pause
    sending = asyncio.create_task(post.send(at_once=AT_ONCE))
    await asyncio.sleep(0.2)
    wire.leave()
    sent = await sending

    assert sent.paused
    assert len(post.mailer.book) <= AT_ONCE
    await broadcasts.pause(post.ledger, post.planned.broadcast, paused=False)
    await post.send(at_once=AT_ONCE)
    assert post.mailer.mails() == EVERYBODY


async def test_a_worker_that_dies_with_several_on_the_wire_sends_none_of_them_again(
    post: Post,
) -> None:
    class Killed(BaseException):
        """The worker is gone."""

    wire = OnTheWire()

    async def die(batch: Batch) -> None:
        await wire(batch)
        raise Killed

    post.mailer.after = die
    with pytest.raises(Killed):
        await post.send(at_once=AT_ONCE)
    post.mailer.after = nothing

    sent = await post.send(attempt=2, at_once=AT_ONCE)

    assert sent.unknown_batches == AT_ONCE
    assert post.mailer.mails() == EVERYBODY


async def test_a_worker_that_is_told_to_stop_begins_nothing_more(post: Post) -> None:
    """It has some seconds to stop in, and used to send the whole range in them."""
    wire, environment = OnTheWire(), ActivityEnvironment()

    async def stop(batch: Batch) -> None:
        environment.worker_shutdown()
        await wire(batch)

    post.mailer.before = stop
    order = post.order().model_copy(update={"at_once": AT_ONCE})
    sent = await environment.run(post.activities().send_batches, order)

    assert (sent.reached, sent.accepted) == (AT_ONCE, AT_ONCE * 10)
    post.mailer.before = nothing
    await post.send(AT_ONCE + 1, at_once=AT_ONCE)
    assert post.mailer.mails() == EVERYBODY


async def test_a_worker_that_is_shut_down_enters_every_answer(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = batches.accept_batch
    reached, go_on = asyncio.Event(), asyncio.Event()
    waiting = 0

    async def slowly(*args: object) -> object:
        nonlocal waiting
        waiting += 1
        if waiting == AT_ONCE:
            reached.set()
        await go_on.wait()
        return await accept(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "accept_batch", slowly)
    sending = asyncio.create_task(post.send(1, AT_ONCE, at_once=AT_ONCE))
    await reached.wait()
    sending.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(sending, return_exceptions=True)

    for number in range(1, AT_ONCE + 1):
        row = await batches.find_batch(post.ledger, post.planned.broadcast, number)
        assert row.state is S.ACCEPTED
