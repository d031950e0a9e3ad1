"""One message on one post channel: attempt once, and look before any further attempt."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import (
        LOOK_FOR_POST,
        PLAN_PUBLICATION,
        PUBLISH_POST,
        LookForPost,
        PublicationStatus,
        PublishPost,
    )
    from activities.signatures.settling import SETTLE_PUBLICATION, SettlePublication
    from domain.explanation import Action, Explanation, NextStep, explained
    from domain.ids import channel_queue
    from domain.publication import Finding, Outcome, PublicationState, Receipt, Sighting
    from workflows.calls import call, explanation_of, never_started, timed_out
    from workflows.contract import PUBLICATION_WORKFLOW, Halt, PublishMessage
    from workflows.policies import ATTEMPT, LEDGER, LOOK, ORDINARY, URGENT

_NOBODY_KNOWS = (PublicationState.SENDING, PublicationState.UNKNOWN)
_SOONEST = timedelta(seconds=1)
_STOPPED = Explanation(what="It was stopped in time.")


@workflow.defn(name=PUBLICATION_WORKFLOW)
class PublicationWorkflow:
    """Reserve the ledger's row, attempt, classify, look, settle: see docs/architecture.md.

    Only this workflow moves its row, so that a withdrawal and an attempt cannot pass each other.
    """

    @workflow.init
    def __init__(self, order: PublishMessage) -> None:
        self._order = order
        self._task = order.task()
        self._channel = order.destination.channel
        self._queue = channel_queue(self._channel)
        self._priority = URGENT if order.urgent else ORDINARY
        self._halt: PublicationState | None = None
        self._attempts = 0

    @workflow.run
    async def run(self, order: PublishMessage) -> Outcome:
        """Return how the message ended on this channel; never raises because of a provider."""
        status = await self._publish()
        why = status.explanation.what if status.explanation else ""
        workflow.set_current_details(f"{self._channel}: {status.state}. {why}")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return Outcome.at(
            order.destination,
            status.state,
            status.explanation,
            receipt=status.receipt,
            attempts=self._attempts,
        )

    @workflow.signal(name="halt")
    def halt(self, halt: Halt | None = None) -> None:
        """Stop before the next attempt; one that is on the wire is waited for."""
        self._halt = (halt or Halt()).to

    async def _publish(self) -> PublicationStatus:
        try:
            status = await call(PLAN_PUBLICATION, self._task, LEDGER, priority=self._priority)
        except ActivityError as error:
            return PublicationStatus(
                state=PublicationState.REFUSED, explanation=explanation_of(error)
            )
        # Numbers go on from the ledger's, so that an attempt of an earlier run that wakes up
        # late cannot be taken for one of ours.
        number = status.attempt
        while True:
            if status.state in _NOBODY_KNOWS:
                status = await self._look(status.attempt or number)
            if status.state is not PublicationState.PLANNED:
                return status
            if self._halt is not None:
                return await self._conclude(self._halt, number, _STOPPED)
            if self._attempts >= self._order.attempts:
                return await self._conclude(PublicationState.ABANDONED, number, self._given_up())
            self._attempts += 1
            number += 1
            status = await self._attempt(number)

    async def _attempt(self, number: int) -> PublicationStatus:
        """One attempt. A halt calls it off while it waits for its turn, never on the wire."""
        attempt = asyncio.create_task(
            call(
                PUBLISH_POST,
                PublishPost(task=self._task, attempt=number, fresh_until=self._order.fresh_until),
                ATTEMPT,
                queue=self._queue,
                priority=self._priority,
                summary=f"{self._channel}: attempt {number}",
                start_within=self._fresh_for(),
            )
        )
        await workflow.wait_condition(lambda: attempt.done() or self._halt is not None)
        if not attempt.done():
            # Asking the ledger alone would not be enough: an attempt on the wire that ends in "too
            # many requests" gives its row back, and the server would try it again.
            attempt.cancel()
        try:
            return await attempt
        except ActivityError as error:
            if timed_out(error):
                return PublicationStatus(state=PublicationState.UNKNOWN, attempt=number)
            if self._halt is not None:
                return await self._conclude(self._halt, number, _STOPPED)
            if never_started(error):
                return await self._conclude(
                    PublicationState.SUPERSEDED,
                    number,
                    explained(
                        f"No worker for {self._channel} took it while it was fresh.",
                        "Start one, then propose it again.",
                    ),
                )
            return await self._conclude(PublicationState.REFUSED, number, explanation_of(error))

    def _fresh_for(self) -> timedelta | None:
        if self._order.fresh_until is None:
            return None
        return max(self._order.fresh_until - workflow.now(), _SOONEST)

    async def _look(self, number: int) -> PublicationStatus:
        """Settle attempt ``number``, whose outcome nobody knows, by reading the platform back."""
        looking = self._order.looking
        sighting = Sighting(finding=Finding.CANNOT_TELL)
        for look in range(looking.looks):
            await workflow.sleep(looking.apart if look else looking.apart / 4)
            try:
                sighting = await call(
                    LOOK_FOR_POST,
                    LookForPost(task=self._task, since=workflow.info().start_time),
                    LOOK,
                    queue=self._queue,
                    priority=self._priority,
                    summary=f"{self._channel}: look {look + 1} of {looking.looks}",
                )
            except ActivityError as error:
                sighting = Sighting(finding=Finding.CANNOT_TELL, why=explanation_of(error).what)
            if sighting.finding is not Finding.ABSENT:
                break
        if sighting.finding is Finding.FOUND and sighting.receipt is not None:
            return await self._conclude(PublicationState.ACCEPTED, number, receipt=sighting.receipt)
        if sighting.finding is Finding.ABSENT:
            status = await self._conclude(
                PublicationState.PLANNED,
                number,
                Explanation(what="It is absent from the platform."),
            )
            if status.state not in _NOBODY_KNOWS:
                return status
        return await self._conclude(PublicationState.UNKNOWN, number, self._cannot_tell(sighting))

    async def _conclude(
        self,
        to: PublicationState,
        number: int,
        why: Explanation | None = None,
        *,
        receipt: Receipt | None = None,
    ) -> PublicationStatus:
        """Enter a conclusion in the ledger, and return what the ledger says after it."""
        status = await call(
            SETTLE_PUBLICATION,
            SettlePublication(
                task=self._task,
                to=to,
                attempt=number,
                explanation=why,
                receipt=receipt,
            ),
            LEDGER,
            priority=self._priority,
        )
        if status.state is not to or why is None:
            return status
        return status.model_copy(update={"explanation": why})

    def _given_up(self) -> Explanation:
        return Explanation(
            what=f"{self._channel} did not accept it in {self._attempts} attempts.",
            means="Nothing went out.",
            next_step=self._then(Action.RETRY, "Check whether the platform is up."),
        )

    def _cannot_tell(self, sighting: Sighting) -> Explanation:
        return Explanation(
            what=f"{self._channel} gave no clear answer, and looking could not tell whether it "
            f"went out. {sighting.why}",
            means="It may be public.",
            next_step=self._then(Action.SETTLE, "Look at the platform yourself."),
        )

    def _then(self, action: Action, advice: str) -> NextStep:
        return self._order.destination.step(action, self._order.message, advice)
