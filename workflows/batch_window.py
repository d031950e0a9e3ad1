"""The sliding window: which batches are handed out next, and how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import SEND_BATCHES, BatchesSent, SendBatches
    from domain.ids import channel_queue
    from workflows.broadcast_control import BroadcastControl
    from workflows.calls import call, explanation_of
    from workflows.contract import PublishMessage
    from workflows.policies import (
        BATCHES,
        BATCHES_PER_ACTIVITY,
        FEWEST_BATCHES_PER_ACTIVITY,
        SMALL_BATCH,
        SMALL_BATCHES_PER_ACTIVITY,
    )

Span = tuple[int, int]
"""The first and the last number of some batches that follow one another."""


class BatchWindow:
    """Hands out ranges of the queue, and takes back what of them was not sent.

    ``take`` is called with the result of each range, ``progress`` after each of them.
    """

    def __init__(self, order: PublishMessage, control: BroadcastControl) -> None:
        self._order = order
        self._control = control
        self._queue: list[Span] = list(control.run.queue)

    @property
    def queue(self) -> tuple[Span, ...]:
        """What is still to be handed out."""
        return tuple(self._queue)

    def add(self, *spans: Span) -> None:
        """Hand these out too, after all others."""
        self._queue.extend(spans)

    async def send(self, progress: Callable[[], Awaitable[None]]) -> None:
        """Keep the window full until the queue is empty, or until this history is long enough."""
        in_flight: dict[asyncio.Task[BatchesSent], Span] = {}
        window = max(1, self._order.broadcast.in_flight)
        while True:
            while self._queue and len(in_flight) < window and self._may_send():
                span = self._next_span()
                in_flight[asyncio.create_task(self._send(span))] = span
            if not in_flight:
                if not self._waits_for_resume():
                    return
                await workflow.wait_condition(lambda: not self._waits_for_resume())
                continue
            done, _ = await workflow.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                span = in_flight.pop(task)
                try:
                    await self._take(await task, span)
                except ActivityError as error:
                    # The other ranges are still on the wire, and are counted when they end.
                    self._control.refuse(explanation_of(error))
            await progress()

    def _next_span(self) -> Span:
        """Take as much from the queue as one activity does; the queue itself stays short.

        A lot while a lot is left, so that Temporal is needed less often; then less, so that the
        whole window has work until the end.
        """
        first, last = self._queue.pop(0)
        run = self._control.run
        single = run.recipients < SMALL_BATCH * run.batches
        share = (last - first) // max(1, self._order.broadcast.in_flight) + 1
        limit = SMALL_BATCHES_PER_ACTIVITY if single else BATCHES_PER_ACTIVITY
        most = min(max(share, FEWEST_BATCHES_PER_ACTIVITY), limit)
        if last - first >= most:
            self._queue.insert(0, (first + most, last))
            last = first + most - 1
        return first, last

    async def _send(self, span: Span) -> BatchesSent:
        first, last = span
        channel = self._order.destination.channel
        return await call(
            SEND_BATCHES,
            SendBatches(
                task=self._order.task(),
                broadcast=self._control.run.broadcast,
                first=first,
                last=last,
                fresh_until=self._order.fresh_until,
                begin_by=self._order.begin_by,
            ),
            BATCHES,
            queue=channel_queue(channel),
            priority=self._control.priority,
            summary=f"{channel}: batches {first} to {last}",
            start_within=self._fresh_for(),
        )

    async def _take(self, sent: BatchesSent, span: Span) -> None:
        """Count the result of a range; one that a pause cut short is handed out again later."""
        if sent.paused and not self._control.over:
            self._queue.insert(0, span)
            await self._control.clear_old_pause()
            return
        if sent.reached is not None and sent.reached < span[1]:
            self._queue.insert(0, (sent.reached + 1, span[1]))
        await self._control.count(sent)

    def _may_send(self) -> bool:
        control = self._control
        suggested = workflow.info().is_continue_as_new_suggested()
        return not (control.over or control.run.paused or suggested)

    def _waits_for_resume(self) -> bool:
        """Whether only a pause keeps something from being handed out."""
        return bool(self._control.run.paused and self._queue) and not self._control.over

    def _fresh_for(self) -> timedelta | None:
        if self._order.fresh_until is None:
            return None
        return max(self._order.fresh_until - workflow.now(), timedelta(seconds=1))
