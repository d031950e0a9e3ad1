"""The sliding window: which batches are handed out next, and how many at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import SEND_BATCHES, BatchesSent, SendBatches
    from domain.ids import channel_queue
    from workflows.broadcast_control import BroadcastControl
    from workflows.calls import call, explanation_of
    from workflows.contract.publications import AsideBatch, PublishMessage
    from workflows.patches import FIRST_ALONE
    from workflows.policies import (
        BATCHES,
        BATCHES_PER_ACTIVITY,
        FEWEST_BATCHES_PER_ACTIVITY,
        MOST_REQUESTS_PER_ACTIVITY,
        SMALL_BATCH,
        SMALL_BATCHES_PER_ACTIVITY,
    )
    from workflows.put_aside import AsideBatches, is_last_try

SEVERAL_REQUESTS = "several requests per activity"

Span = tuple[int, int]
"""The first and the last number of some batches that follow one another."""

FIRST: Span = (1, 1)


class Handout(NamedTuple):
    """What one activity gets; ``tried`` if it is a batch that was put aside."""

    span: Span
    tried: AsideBatch | None = None


class BatchWindow:
    """Hands out ranges of the queue, and takes back what of them was not sent.

    ``progress`` is called after each range.
    """

    def __init__(self, order: PublishMessage, control: BroadcastControl) -> None:
        self._order = order
        self._control = control
        self._at_once = 1
        self._window = max(1, order.broadcast.in_flight)
        self._queue: list[Span] = list(control.run.queue)
        self._aside = AsideBatches(control)

    @property
    def queue(self) -> tuple[Span, ...]:
        """What is still to be handed out."""
        return tuple(self._queue)

    @property
    def waiting(self) -> bool:
        """Whether something is to be handed out, now or later."""
        return bool(self._queue or len(self._aside))

    def add(self, *spans: Span) -> None:
        """Hand these out too, after all others."""
        self._queue.extend(spans)

    async def send(self, progress: Callable[[], Awaitable[None]]) -> None:
        """Keep the window full until nothing is left, or until this history is long enough."""
        if workflow.patched(SEVERAL_REQUESTS):
            self._at_once = at_once(self._order.broadcast.in_flight)
            self._window = max(1, self._order.broadcast.in_flight // self._at_once)
        first_alone = workflow.patched(FIRST_ALONE)
        in_flight: dict[asyncio.Task[BatchesSent], Handout] = {}
        while True:
            while len(in_flight) < self._window and (handout := self._next(bool(in_flight))):
                in_flight[asyncio.create_task(self._send(handout))] = handout
                if first_alone and handout.span == FIRST:
                    # What is wrong with the account or the copy shall meet one request, and what is
                    # too old to begin shall not have begun elsewhere meanwhile.
                    break
            if not in_flight:
                if not await self._wait_for_more():
                    return
                continue
            done, _ = await workflow.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                handout = in_flight.pop(task)
                try:
                    await self._take(await task, handout)
                except ActivityError as error:
                    # The other ranges are still on the wire, and are counted when they end.
                    self._control.refuse(explanation_of(error))
            await progress()

    def _next(self, others_under_way: bool) -> Handout | None:
        """What may be handed out now: the next range, or at the end what was put aside."""
        if not self._may_send():
            return None
        if self._queue:
            span = self._next_span()
            self._control.hand_out(span[1])
            return Handout(span)
        tried = self._aside.take_due(workflow.now(), others_under_way=others_under_way)
        return None if tried is None else Handout((tried.number, tried.number), tried)

    async def _wait_for_more(self) -> bool:
        """Wait until more may be handed out; False if nothing is left, or not in this history."""
        control = self._control
        if control.over or not self.waiting or control.ceilings.near():
            return False
        if control.run.paused:
            await workflow.wait_condition(
                lambda: not control.run.paused or control.over or control.ceilings.near()
            )
            return True
        held = control.run.held_until
        times = [control.waits_until, None if self._queue else self._aside.next_due()]
        length = max(filter(None, times), default=workflow.now()) - workflow.now()
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: (
                    bool(control.run.paused)
                    or control.over
                    or control.ceilings.near()
                    or control.run.held_until != held
                ),
                timeout=max(length, timedelta(milliseconds=10)),
            )
        return True

    def _next_span(self) -> Span:
        """Take as much from the queue as one activity does; the queue itself stays short.

        A lot while a lot is left, so that Temporal is needed less often; then less, so that the
        whole window has work until the end.
        """
        first, last = self._queue.pop(0)
        run = self._control.run
        single = run.recipients < SMALL_BATCH * run.batches
        share = (last - first) // self._window + 1
        limit = SMALL_BATCHES_PER_ACTIVITY if single else BATCHES_PER_ACTIVITY
        most = min(max(share, FEWEST_BATCHES_PER_ACTIVITY), limit)
        if last - first >= most:
            self._queue.insert(0, (first + most, last))
            last = first + most - 1
        return first, last

    async def _send(self, handout: Handout) -> BatchesSent:
        first, last = handout.span
        channel = self._order.destination.channel
        return await call(
            SEND_BATCHES,
            SendBatches(
                task=self._control.task(),
                broadcast=self._control.run.broadcast,
                first=first,
                last=last,
                fresh_until=self._order.fresh_until,
                begin_by=self._order.begin_by,
                throttles=self._control.run.throttles,
                last_try=handout.tried is not None and is_last_try(handout.tried),
                at_once=self._at_once,
            ),
            BATCHES,
            queue=channel_queue(channel),
            priority=self._control.priority,
            summary=f"{channel}: batches {first} to {last}",
            start_within=self._fresh_for(),
        )

    async def _take(self, sent: BatchesSent, handout: Handout) -> None:
        """Count the result of a range; one that a pause cut short is handed out again later."""
        first, last = handout.span
        if sent.paused and not self._control.over:
            self._queue.insert(0, (first, last))
            if sent.held is not None:
                await self._control.hold(sent.held)
            else:
                await self._control.clear_old_pause()
            return
        await self._control.end_hold()
        if sent.reached is not None and sent.reached < last:
            self._queue.insert(0, (sent.reached + 1, last))
        await self._control.count(sent)
        for number in await self._aside.learn(sent, handout.tried):
            self._queue.insert(0, (number, number))

    def _may_send(self) -> bool:
        run = self._control.run
        until = self._control.waits_until
        limited = until is not None and workflow.now() < until
        full = self._control.ceilings.near()
        return not (self._control.over or run.paused or limited or full)

    def _fresh_for(self) -> timedelta | None:
        if self._order.fresh_until is None:
            return None
        return max(self._order.fresh_until - workflow.now(), timedelta(seconds=1))


def at_once(in_flight: int) -> int:
    """How many of the requests that may be on the wire one activity makes."""
    return max(1, min(MOST_REQUESTS_PER_ACTIVITY, in_flight))


def spans_without(last: int, left_out: Collection[int], *, alone: int) -> list[Span]:
    """The batches up to ``last`` but those ``left_out``, with ``alone`` as a span of its own."""
    spans: list[Span] = []
    first = 1
    for end in (*sorted({alone, *left_out}), last + 1):
        if first < end:
            spans.append((first, end - 1))
        if end == alone <= last and end not in left_out:
            spans.append((end, end))
        first = max(first, end + 1)
    return spans
