"""A message to an audience: a sliding window of batches, each handed out once by the ledger."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import (
        PAUSE_BROADCAST,
        PLAN_BROADCAST,
        SEND_BATCHES,
        STOP_BROADCAST,
        BatchesSent,
        PauseBroadcast,
        PlanBroadcast,
        SendBatches,
        StopBroadcast,
    )
    from activities.signatures.posts import PublicationTask
    from activities.signatures.settling import SETTLE_UNKNOWN, SettleUnknown, UnknownSettled
    from domain.ids import channel_queue, incident_workflow_id
    from domain.message import MessageClass
    from domain.publication import Outcome, PublicationState
    from workflows.calls import call, words_of
    from workflows.contract import (
        BROADCAST_WORKFLOW,
        BroadcastProgress,
        ChannelNews,
        Halt,
        Pause,
        PublishMessage,
    )
    from workflows.ending import broadcast_outcome
    from workflows.policies import (
        BATCHES,
        BATCHES_PER_ACTIVITY,
        BULK_LEDGER,
        EVENTS_POLL,
        FEWEST_BATCHES_PER_ACTIVITY,
        LEDGER,
        ORDINARY,
        SMALL_BATCH,
        SMALL_BATCHES_PER_ACTIVITY,
        URGENT,
    )


@workflow.defn(name=BROADCAST_WORKFLOW)
class BroadcastWorkflow:
    """Plan, send in a sliding window, and settle by events what nobody answered for.

    The workflow hands out ranges of batches and never decides that a batch may be sent: that is
    the ledger's compare-and-set, immediately before the wire. So a range may be repeated after
    any crash, and an old worker that wakes up again finds its batches taken.
    """

    @workflow.init
    def __init__(self, order: PublishMessage) -> None:
        self._order = order
        self._task = PublicationTask(
            message=order.message, channel=order.channel, digest=order.digest
        )
        self._priority = URGENT if order.urgent else ORDINARY
        self._progress = order.progress or BroadcastProgress()
        self._queue: list[tuple[int, int]] = list(self._progress.queue)
        self._halt: PublicationState | None = None
        self._refusal: tuple[str, str] | None = None
        # Why what is unknown was not sent again, and what a person can do about it.
        self._kept_back = ("", "")
        self._holding = asyncio.Lock()
        self._ended = False

    @workflow.run
    async def run(self, order: PublishMessage) -> Outcome:
        """Return how the broadcast ended; a batch that a provider refused does not raise."""
        calling_off = asyncio.create_task(self._call_off())
        try:
            if order.progress is None:
                await self._plan()
            while True:
                await self._send()
                if self._halt is None and self._refusal is None and self._queue:
                    if workflow.all_handlers_finished():
                        self._continue_as_new()
                    # Somebody is pausing it at this moment: that comes first.
                    await workflow.wait_condition(workflow.all_handlers_finished)
                    continue
                if not await self._settle_unknown():
                    break
        except ActivityError as error:
            self._refusal = words_of(error)
        if self._halt is not None and self._progress.broadcast:
            await calling_off
            # What was on the wire may have come back unsent after the first stop.
            await self._stop(self._halt)
        self._ended = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        return broadcast_outcome(
            order.channel, self._progress, self._halt, self._refusal, self._kept_back
        )

    @workflow.signal(name="halt")
    def halt(self, halt: Halt | None = None) -> None:
        """Hand out nothing more; batches on the wire are waited for."""
        self._halt = (halt or Halt()).to

    @workflow.signal(name="pause")
    async def pause(self, pause: Pause | None = None) -> None:
        """Hand out nothing more until ``resume``; effective within one batch."""
        await self._hold((pause or Pause()).reason or Pause().reason)

    @workflow.signal(name="resume")
    async def resume(self, said: object = None) -> None:
        """Go on exactly where it was; a share of bounces that was seen does not pause it again."""
        self._note(forgiven=self._progress.forgiven or bool(self._progress.paused))
        await self._hold("")

    async def _hold(self, reason: str) -> None:
        """Pause with a reason, or without one go on; the ledger is told before anything else."""
        async with self._holding:
            # It may be being planned at this moment.
            await workflow.wait_condition(lambda: self._progress.broadcast > 0 or self._ended)
            # What was halted stays as it is: resuming it would let go what comes back unsent.
            if bool(self._progress.paused) == bool(reason) or self._ended or self._halt:
                return
            await self._pause_ledger(paused=bool(reason))
            self._note(paused=reason)
            await self._news()

    async def _call_off(self) -> None:
        """Tell the ledger of a halt at once: a range that was handed out ends at its next batch."""
        await workflow.wait_condition(
            lambda: self._halt is not None and self._progress.broadcast > 0
        )
        async with self._holding:
            # A batch on the wire that comes back unsent is planned again after the stop, and the
            # server tries its range again: it must not be handed out then.
            await self._pause_ledger(paused=True)
        if self._halt is not None:
            await self._stop(self._halt)

    async def _clear_old_pause(self) -> None:
        """End a pause that an earlier run of this broadcast left in the ledger."""
        async with self._holding:
            if not self._progress.paused and self._halt is None:
                await self._pause_ledger(paused=False)

    async def _pause_ledger(self, *, paused: bool) -> None:
        await call(
            PAUSE_BROADCAST,
            PauseBroadcast(broadcast=self._progress.broadcast, paused=paused),
            LEDGER,
            priority=self._priority,
        )

    @workflow.query(name="progress")
    def progress(self) -> BroadcastProgress:
        """How far it has come by its own account; arrivals are in the ledger."""
        return self._progress.model_copy(
            update={"now": workflow.now(), "queue": tuple(self._queue)}
        )

    async def _plan(self) -> None:
        planned = await call(
            PLAN_BROADCAST,
            PlanBroadcast(
                task=self._task,
                batch_size=self._order.broadcast.batch_size,
                message_class=self._order.message_class,
            ),
            BULK_LEDGER,
            priority=self._priority,
        )
        self._note(
            broadcast=planned.broadcast,
            batches=planned.batches,
            recipients=planned.recipients,
            suppressed=planned.suppressed,
            started_at=workflow.now(),
        )
        # The first batch goes by itself: its acceptance is what tells the incident that people
        # are being told.
        if planned.batches:
            self._queue.append((1, 1))
        if planned.batches > 1:
            self._queue.append((2, planned.batches))

    async def _send(self) -> None:
        """Keep the window full until the queue is empty, or until this history is long enough."""
        in_flight: dict[asyncio.Task[BatchesSent], tuple[int, int]] = {}
        window = max(1, self._order.broadcast.in_flight)
        while True:
            while self._queue and len(in_flight) < window and self._may_send():
                first, last = self._next_range()
                in_flight[asyncio.create_task(self._send_range(first, last))] = (first, last)
            if not in_flight:
                if not self._held():
                    return
                await workflow.wait_condition(lambda: not self._held())
                continue
            done, _ = await workflow.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                handed_out = in_flight.pop(task)
                try:
                    await self._take(await task, handed_out)
                except ActivityError as error:
                    # The other ranges are still on the wire, and are counted when they end.
                    self._refusal = self._refusal or words_of(error)
            await self._tell()
            self._show()

    def _next_range(self) -> tuple[int, int]:
        """Take as much off the queue as one activity does; the queue itself stays short."""
        first, last = self._queue.pop(0)
        single = self._progress.recipients < SMALL_BATCH * self._progress.batches
        if workflow.patched("ranges-by-what-is-left"):
            # Large while much is left, so that Temporal is asked less often; then smaller, so that
            # all of the window has work to the end.
            share = (last - first) // max(1, self._order.broadcast.in_flight) + 1
            limit = SMALL_BATCHES_PER_ACTIVITY if single else BATCHES_PER_ACTIVITY
            most = min(max(share, FEWEST_BATCHES_PER_ACTIVITY), limit)
        else:
            most = SMALL_BATCHES_PER_ACTIVITY if single else 10
        if last - first >= most:
            self._queue.insert(0, (first + most, last))
            last = first + most - 1
        return first, last

    def _held(self) -> bool:
        """Whether there is something to hand out, and nothing but a pause in its way."""
        stopped = self._halt is not None or self._refusal is not None
        return bool(self._progress.paused and self._queue) and not stopped

    def _may_send(self) -> bool:
        return (
            self._halt is None
            and not self._progress.paused
            and self._refusal is None
            and not workflow.info().is_continue_as_new_suggested()
        )

    async def _send_range(self, first: int, last: int) -> BatchesSent:
        return await call(
            SEND_BATCHES,
            SendBatches(
                task=self._task,
                broadcast=self._progress.broadcast,
                first=first,
                last=last,
                fresh_until=self._order.fresh_until,
            ),
            BATCHES,
            queue=channel_queue(self._order.channel),
            priority=self._priority,
            summary=f"{self._order.channel}: batches {first} to {last}",
            start_within=self._fresh_for(),
        )

    def _fresh_for(self) -> timedelta | None:
        if self._order.fresh_until is None:
            return None
        return max(self._order.fresh_until - workflow.now(), timedelta(seconds=1))

    async def _take(self, sent: BatchesSent, handed_out: tuple[int, int]) -> None:
        """Count what became of a range; one that a pause cut short is handed out again later."""
        if sent.paused and self._halt is None:
            self._queue.insert(0, handed_out)
            await self._clear_old_pause()
            return
        if sent.reached is not None and sent.reached < handed_out[1]:
            self._queue.insert(0, (sent.reached + 1, handed_out[1]))
        self._note(
            accepted=self._progress.accepted + sent.accepted,
            refused=self._progress.refused + sent.refused,
            unknown_batches=self._progress.unknown_batches + sent.unknown_batches,
        )
        if sent.halted:
            self._refusal = (sent.reason, sent.next_step)
        elif sent.reason and not self._progress.reason:
            self._note(reason=sent.reason, next_step=sent.next_step)
        plan = self._order.broadcast
        too_many = sent.health.reason_to_pause(plan.pause_above, plan.pause_after)
        if too_many and not self._progress.forgiven:
            await self._hold(f"Paused by itself: {too_many}")

    async def _tell(self) -> None:
        """Tell the incident, once, that people are being told."""
        if self._progress.accepted and not self._progress.told:
            self._note(told=True)
            await self._news()

    async def _news(self) -> None:
        """Tell the incident how it stands: whether people are being told, or it waits."""
        paused = self._progress.paused
        news = ChannelNews(
            message=self._order.message.number,
            told=self._progress.told,
            outcome=Outcome(
                channel=self._order.channel,
                state=PublicationState.SENDING,
                reason=paused,
                next_step="Resume it, or stop it for good." if paused else "",
            ),
        )
        incident = workflow.get_external_workflow_handle(
            incident_workflow_id(self._order.message.incident)
        )
        try:
            await incident.signal("channel_news", news)
        except FailureError as error:
            # The mail goes on; the incident learns of it when this workflow ends.
            workflow.logger.warning("the incident could not be told: %s", type(error).__name__)

    async def _settle_unknown(self) -> bool:
        """Wait for the events of unknown batches; True if some batches are to go (again)."""
        window = self._order.broadcast.unknown_window
        deadline = workflow.now() + window
        pause = max(EVENTS_POLL, window / 60)
        while self._progress.unknown_batches:
            settled = await self._ask_events(release=False)
            if self._hand_out(settled):
                return True
            if not settled.unknown_batches:
                break
            if workflow.now() >= deadline:
                return await self._release()
            await self._pause(min(pause, deadline - workflow.now() + timedelta(milliseconds=10)))
        return False

    async def _release(self) -> bool:
        """The window has closed: the message's class says what silence means."""
        goodwill = self._order.message_class is MessageClass.GOODWILL
        if goodwill or self._halt is not None or self._refusal is not None:
            return False
        return self._hand_out(await self._ask_events(release=True))

    def _hand_out(self, settled: UnknownSettled) -> bool:
        """Queue the batches that may go now; True if there are any."""
        if self._halt is not None or self._refusal is not None:
            return False
        # One range each: these batches are few and far apart.
        self._queue.extend((number, number) for number in settled.released)
        return bool(settled.released)

    async def _ask_events(self, *, release: bool) -> UnknownSettled:
        settled = await call(
            SETTLE_UNKNOWN,
            SettleUnknown(
                broadcast=self._progress.broadcast,
                release_before=workflow.now() - self._order.broadcast.unknown_window
                if release
                else None,
                max_attempts=self._order.attempts,
            ),
            LEDGER,
            priority=self._priority,
        )
        self._note(unknown_batches=settled.unknown_batches, accepted=settled.accepted)
        self._kept_back = (settled.reason, settled.next_step)
        await self._tell()
        return settled

    async def _pause(self, length: timedelta) -> None:
        try:
            await workflow.wait_condition(lambda: self._halt is not None, timeout=length)
        except TimeoutError:
            return
        # A halted broadcast still waits for the events of what was on the wire.
        await workflow.sleep(length)

    async def _stop(self, to: PublicationState) -> None:
        await call(
            STOP_BROADCAST,
            StopBroadcast(broadcast=self._progress.broadcast, to=to),
            BULK_LEDGER,
            priority=self._priority,
        )

    def _continue_as_new(self) -> None:
        workflow.continue_as_new(
            self._order.model_copy(
                update={"progress": self._progress.model_copy(update={"queue": tuple(self._queue)})}
            )
        )

    def _note(self, **changes: object) -> None:
        self._progress = self._progress.model_copy(update=changes)

    def _show(self) -> None:
        progress = self._progress
        workflow.set_current_details(
            f"{progress.accepted:,} of {progress.recipients:,} recipients accepted, "
            f"{progress.unknown_batches} batches unknown"
        )
