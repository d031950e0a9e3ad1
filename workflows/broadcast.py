"""A message to an audience: a sliding window of batches, each handed out once by the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import PLAN_BROADCAST, PlanBroadcast
    from activities.signatures.outcomes import ENTER_OUTCOME, EnterOutcome
    from domain.limits import REASON_LIMIT
    from domain.plural import plural
    from domain.publication import Outcome
    from workflows.batch_window import BatchWindow, spans_without
    from workflows.broadcast_control import BroadcastControl
    from workflows.calls import call, explanation_of
    from workflows.contract.names import BROADCAST_WORKFLOW
    from workflows.contract.publications import BroadcastRun, Halt, PauseSending, PublishMessage
    from workflows.ending import broadcast_outcome
    from workflows.hearing import read_or
    from workflows.policies import BULK_LEDGER, LEDGER
    from workflows.reporting import report_end
    from workflows.unknown_batches import UnknownBatches


@workflow.defn(name=BROADCAST_WORKFLOW)
class BroadcastWorkflow:
    """Plan, send in a sliding window, and settle lost answers by events.

    The workflow hands out ranges of batches and never decides that a batch may be sent: that is
    the ledger's compare-and-set, immediately before the wire. So a range may be repeated after
    any crash, and an old worker that wakes up again finds its batches taken.
    """

    @workflow.init
    def __init__(self, order: PublishMessage) -> None:
        self._order = order
        self._control = BroadcastControl(order)
        self._window = BatchWindow(order, self._control)
        self._unknown = UnknownBatches(order, self._control, self._window)
        self._asked = False

    @workflow.run
    async def run(self, order: PublishMessage) -> Outcome:
        """Return how the broadcast ended; a batch that a provider refused does not raise."""
        control = self._control
        under_way = [
            asyncio.create_task(control.steer()),
            asyncio.create_task(control.ceilings.watch()),
            asyncio.create_task(self._answer()),
        ]
        calling_off = asyncio.create_task(control.call_off())
        try:
            await self._send_all(order)
        except ActivityError as error:
            control.refusal = explanation_of(error)
        if control.halted is not None and control.planned:
            await calling_off
            # A batch on the wire may have been returned unsent after the first stop.
            await control.stop_ledger()
        if not control.behind:
            await self._unknown.count()
        control.end()
        await workflow.wait_condition(control.steered)
        for task in under_way:
            task.cancel()
        outcome = broadcast_outcome(order, control, self._unknown.kept_back)
        await call(ENTER_OUTCOME, EnterOutcome(task=order.task(), outcome=outcome), LEDGER)
        await report_end(order, outcome)
        return outcome

    async def _send_all(self, order: PublishMessage) -> None:
        """Send and settle until nothing is left, or go on in a new run."""
        control = self._control
        if order.progress is None or not control.planned:
            await self._plan()
        while True:
            await self._window.send(self._tell)
            more = not control.over and self._window.waiting
            if not more and not control.ceilings.near() and not await self._unknown.settle():
                return
            if control.ceilings.near():
                # It is being paused at this moment, or called off: that comes first.
                await workflow.wait_condition(self._at_rest)
                self._continue_as_new()

    def _at_rest(self) -> bool:
        return self._control.steered() and not self._control.calling_off

    @workflow.signal(dynamic=True)
    def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """``halt``, ``pause`` and ``resume``, effective within one batch; ``report``; ``go_on``."""
        self._control.ceilings.signals += 1
        match name:
            case "halt":
                self._control.halted = read_or(said, Halt()).to
            case "pause":
                reason = read_or(said, PauseSending()).reason or PauseSending().reason
                self._control.want_pause(reason[:REASON_LIMIT])
            case "resume":
                self._control.want_pause("")
            case "go_on":
                self._control.go_on()
            case "report":
                self._asked = True

    async def _answer(self) -> None:
        """Report when asked, once for all who ask at the same time."""
        while True:
            await workflow.wait_condition(lambda: self._asked)
            self._asked = False
            await self._control.tell_incident()

    @workflow.query(name="progress")
    def progress(self) -> BroadcastRun:
        """How far it has come, as far as it knows; arrivals are in the ledger."""
        return self._carried().model_copy(update={"now": workflow.now()})

    async def _plan(self) -> None:
        planned = await call(
            PLAN_BROADCAST,
            PlanBroadcast(
                task=self._control.task(),
                batch_size=self._order.broadcast.batch_size,
                message_class=self._order.message_class,
            ),
            BULK_LEDGER,
            priority=self._control.priority,
        )
        self._control.note(
            broadcast=planned.broadcast,
            batches=planned.batches,
            recipients=planned.recipients,
            suppressed=planned.suppressed,
            elsewhere=planned.elsewhere,
            generation=planned.generation,
            batch_size=planned.batch_size,
            started_at=workflow.now(),
        )
        # The first batch goes alone: once it is accepted, the incident knows that people are
        # being told. What an earlier run tried in vain goes last, so that it keeps nobody waiting.
        self._window.add(*spans_without(planned.batches, planned.tried, alone=1))
        self._window.add(*((number, number) for number in planned.tried))

    async def _tell(self) -> None:
        """Tell the incident and Temporal's own pages how far it is."""
        await self._control.tell_first_batch()
        run = self._control.run
        workflow.set_current_details(
            f"{run.accepted:,} of {plural(run.recipients, 'recipient')} accepted, "
            f"{plural(run.unknown_batches, 'batch', 'batches')} unknown"
        )

    def _carried(self) -> BroadcastRun:
        control = self._control
        return control.run.model_copy(
            update={
                "queue": self._window.queue,
                "halted": control.halted,
                "refusal": control.refusal,
            }
        )

    def _continue_as_new(self) -> None:
        workflow.continue_as_new(self._order.model_copy(update={"progress": self._carried()}))
