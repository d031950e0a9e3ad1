"""One message on one post channel: attempt once, and look before any further attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, CancelledError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import PUBLISH_POST, PublicationStatus, PublishPost
    from domain.explanation import Explanation, explained
    from domain.ids import channel_queue
    from domain.publication import Finding, Outcome, PublicationState, Receipt
    from domain.times import show_second
    from workflows.calls import call, explanation_of, is_behind, never_started, timed_out
    from workflows.ceilings import Ceilings
    from workflows.contract.names import PUBLICATION_WORKFLOW
    from workflows.contract.publications import Halt, PostRun, PublishMessage
    from workflows.hearing import read_or
    from workflows.policies import ATTEMPT, ORDINARY, URGENT
    from workflows.post_looking import look_for_post
    from workflows.post_row import PostRow
    from workflows.post_waiting import SOONEST, PostWaiting
    from workflows.post_words import absent_after, cannot_tell, given_up, looked_for
    from workflows.reporting import report, report_end

_NOBODY_KNOWS = (PublicationState.SENDING, PublicationState.UNKNOWN)
_STOPPED = Explanation(what="It was stopped in time.")


@workflow.defn(name=PUBLICATION_WORKFLOW)
class PublicationWorkflow:
    """Reserve the ledger's row, attempt, classify, look, settle: see docs/architecture.md.

    Only this workflow moves its row, so that a withdrawal and an attempt cannot pass each other.
    """

    @workflow.init
    def __init__(self, order: PublishMessage) -> None:
        run = order.post or PostRun(since=workflow.info().start_time)
        self._order = order
        self._channel = order.destination.channel
        self._queue = channel_queue(self._channel)
        self._priority = URGENT if order.urgent else ORDINARY
        self._since = run.since
        task = order.task().model_copy(update={"since": run.since})
        self._row = PostRow(task, self._priority)
        self._waiting = PostWaiting(run, order.fresh_until)
        self._halt = order.called_off
        self._attempts = run.attempts
        self._lost = run.lost
        self._uncertain = False
        self._ceilings = Ceilings()
        self._told: Outcome = self._outcome(PublicationState.PLANNED, None)
        self._asked = False

    @workflow.run
    async def run(self, order: PublishMessage) -> Outcome:
        """Return how the message ended on this channel; never raises because of a provider."""
        under_way = [
            asyncio.create_task(self._answer()),
            asyncio.create_task(self._ceilings.watch()),
        ]
        try:
            status = await self._publish()
        except ActivityError as error:
            if not is_behind(error):
                raise
            status = self._behind(explanation_of(error))
        for task in under_way:
            task.cancel()
        why = status.explanation.what if status.explanation else ""
        workflow.set_current_details(f"{self._channel}: {status.state}. {why}")
        outcome = self._outcome(status.state, status.explanation, status.receipt)
        await report_end(order, outcome)
        return outcome

    @workflow.signal(dynamic=True)
    def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """``halt``: stop before the next attempt. ``report``: say how far it is. ``go_on``."""
        self._ceilings.signals += 1
        if name == "halt":
            self._halt = read_or(said, Halt()).to
        elif name == "report":
            self._asked = True
        elif name == "go_on":
            self._waiting.go_on()

    async def _answer(self) -> None:
        """Report when asked, once for all who ask at the same time."""
        while True:
            await workflow.wait_condition(lambda: self._asked)
            self._asked = False
            await report(self._order, self._told)

    def _continue_as_new(self) -> None:
        """Go on in a new run; nothing may be on the wire."""
        run = PostRun(
            since=self._since,
            attempts=self._attempts,
            lost=self._lost,
            in_a_row=self._waiting.in_a_row,
            wait_until=self._waiting.until,
        )
        changes = {"post": run, "called_off": self._halt}
        workflow.continue_as_new(self._order.model_copy(update=changes))

    async def _publish(self) -> PublicationStatus:
        try:
            status = await self._row.plan()
        except ActivityError as error:
            if is_behind(error):
                raise
            return PublicationStatus(
                state=PublicationState.REFUSED, explanation=explanation_of(error)
            )
        self._row.know(status)
        # Numbers go on from the ledger's, so that an attempt of an earlier run that wakes up
        # late cannot be taken for one of ours.
        number = status.attempt
        while True:
            self._uncertain = status.uncertain or status.state in _NOBODY_KNOWS
            if status.state in _NOBODY_KNOWS:
                status = await self._look(status, status.attempt or number)
            if status.state is not PublicationState.PLANNED:
                return status
            if self._halt is not None:
                return await self._call_off(self._halt, number, _STOPPED)
            if self._lost >= self._order.attempts:
                return await self._row.conclude(
                    PublicationState.ABANDONED, number, given_up(self._order, self._lost)
                )
            if self._ceilings.near():
                self._continue_as_new()
            until = self._waiting.until
            if until is not None and await self._waiting.wait(until, self._cut_short):
                continue
            number += 1
            status = await self._attempt(number)
            # The ledger knows of no attempt by that number.
            number -= status.held
            if status.again_after is not None:
                await self._note_wait(status, status.again_after)

    def _cut_short(self) -> bool:
        """Whether there is something better to do than to wait."""
        return self._halt is not None or self._ceilings.near()

    # --- attempts -----------------------------------------------------------------------------

    async def _attempt(self, number: int) -> PublicationStatus:
        """One attempt. A halt calls it off while it waits for its turn, never on the wire."""
        self._attempts += 1
        self._row.looked = False
        self._waiting.begin()
        attempt = asyncio.create_task(
            call(
                PUBLISH_POST,
                PublishPost(
                    task=self._row.task,
                    attempt=number,
                    in_a_row=self._waiting.in_a_row + 1,
                    fresh_until=self._order.fresh_until,
                ),
                ATTEMPT,
                queue=self._queue,
                priority=self._priority,
                summary=f"{self._channel}: attempt {number}",
                start_within=self._waiting.fresh_for(),
            )
        )
        await workflow.wait_condition(lambda: attempt.done() or self._cut_short())
        if not attempt.done():
            # It may wait for a worker for a long time. On the wire it ends by itself.
            attempt.cancel()
        try:
            status = await attempt
        except ActivityError as error:
            status = await self._failed(error, number)
        self._row.know(status)
        self._attempts -= status.held
        self._waiting.count(status)
        self._lost += status.state in _NOBODY_KNOWS
        return status

    def _behind(self, why: Explanation) -> PublicationStatus:
        """How it stands if the ledger has forgotten something of its incident."""
        begun = self._attempts or self._row.task.known.newest is not None
        state = PublicationState.UNKNOWN if begun else PublicationState.REFUSED
        self._uncertain = state is PublicationState.UNKNOWN
        return PublicationStatus(state=state, explanation=why)

    async def _failed(self, error: ActivityError, number: int) -> PublicationStatus:
        if is_behind(error):
            raise error
        if timed_out(error):
            return PublicationStatus(state=PublicationState.UNKNOWN, attempt=number)
        if self._halt is not None:
            return await self._call_off(self._halt, number, _STOPPED)
        if isinstance(error.cause, CancelledError):
            # Only to continue as new. The ledger knows whether it had begun.
            return await self._row.plan()
        if never_started(error):
            nobody = explained(
                f"No worker for {self._channel} took it while it was fresh.",
                "Start one, then propose it again.",
            )
            return await self._call_off(PublicationState.SUPERSEDED, number, nobody)
        why = explanation_of(error)
        if self._uncertain:
            why = cannot_tell(self._order, f"{why.what} An earlier attempt got no clear answer.")
            return await self._row.conclude(PublicationState.UNKNOWN, number, why)
        return await self._row.conclude(PublicationState.REFUSED, number, why)

    async def _note_wait(self, status: PublicationStatus, wait: timedelta) -> None:
        """Note when the next attempt is due, where the provider took nothing."""
        wait = self._waiting.put_off(wait)
        why = status.explanation or Explanation(what=f"{self._channel} did not take it.")
        if self._waiting.held:
            await self._report(PublicationState.PLANNED, why)
        elif wait >= SOONEST:
            next_at = show_second(workflow.now() + wait)
            why = why.model_copy(update={"means": f"The next attempt is at {next_at}."})
            await self._report(PublicationState.PLANNED, why)

    # --- looking ------------------------------------------------------------------------------

    async def _look(self, status: PublicationStatus, number: int) -> PublicationStatus:
        """Settle what nobody knows by reading the platform back.

        Absent at every look: it may be tried again, unless the provider's answer to the last
        attempt was a no.
        """
        await self._report(PublicationState.SENDING, looked_for(status))
        sighting = await look_for_post(self._row.task, self._order.looking, self._priority)
        self._row.looked = True
        if sighting.finding is Finding.FOUND and sighting.receipt is not None:
            return await self._row.conclude(
                PublicationState.ACCEPTED, number, receipt=sighting.receipt
            )
        if sighting.finding is Finding.ABSENT:
            status = await self._absent(status, number)
            if status.state not in _NOBODY_KNOWS:
                return status
        what = f"{self._channel} gave no clear answer."
        if status.refusal is not None:
            what = f"{status.refusal.what} An earlier attempt may have gone out."
        what = f"{what} Looking could not tell whether it went out."
        why = cannot_tell(self._order, f"{what} {sighting.why}")
        return await self._row.conclude(PublicationState.UNKNOWN, number, why)

    async def _absent(self, status: PublicationStatus, number: int) -> PublicationStatus:
        if status.refusal is None:
            absent = Explanation(what="It is absent from the platform.")
            return await self._row.conclude(PublicationState.PLANNED, number, absent)
        why = absent_after(status.refusal)
        return await self._row.conclude(PublicationState.REFUSED, number, why)

    async def _call_off(
        self, to: PublicationState, number: int, why: Explanation
    ) -> PublicationStatus:
        """End it unsent; what may have gone out before is looked for first."""
        if self._uncertain and not self._row.looked:
            known = PublicationStatus(state=PublicationState.UNKNOWN, attempt=number)
            status = await self._look(known, number)
            if status.state is not PublicationState.PLANNED:
                return status
        return await self._row.conclude(to, number, why)

    # --- telling ------------------------------------------------------------------------------

    async def _report(self, state: PublicationState, why: Explanation) -> None:
        workflow.set_current_details(f"{self._channel}: {why.what}")
        self._told = self._outcome(state, why)
        await report(self._order, self._told)

    def _outcome(
        self,
        state: PublicationState,
        why: Explanation | None,
        receipt: Receipt | None = None,
    ) -> Outcome:
        return Outcome.at(
            self._order.destination,
            state,
            why,
            receipt=receipt,
            attempts=self._attempts,
            uncertain=self._uncertain and receipt is None,
        ).model_copy(update={"begun": self._row.task.known.newest})
