"""One message on one post channel: attempt once, and look before ever attempting again."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        LOOK_FOR_POST,
        PLAN_PUBLICATION,
        PUBLISH_POST,
        SETTLE_PUBLICATION,
        LookForPost,
        PublicationTask,
        PublishPost,
        SettlePublication,
        Standing,
    )
    from domain.ids import channel_queue
    from domain.publication import Finding, Outcome, PublicationState, Sighting
    from workflows.calls import call, timed_out, words_of
    from workflows.contract import PUBLICATION_WORKFLOW, Halt, PublishMessage
    from workflows.policies import ATTEMPT, LEDGER, LOOK, ORDINARY, URGENT


@workflow.defn(name=PUBLICATION_WORKFLOW)
class PublicationWorkflow:
    """Reserve the ledger's row, attempt, classify, look, settle: design of the protocol in docs.

    Only this workflow moves its row, so that a withdrawal and an attempt cannot pass each other.
    """

    @workflow.init
    def __init__(self, order: PublishMessage) -> None:
        self._order = order
        self._task = PublicationTask(
            message=order.message, channel=order.channel, digest=order.digest
        )
        self._queue = channel_queue(order.channel)
        self._priority = URGENT if order.urgent else ORDINARY
        self._halt: PublicationState | None = None
        self._attempts = 0

    @workflow.run
    async def run(self, order: PublishMessage) -> Outcome:
        """Return how the message ended on this channel; never raises for what a provider did."""
        standing = await self._publish()
        workflow.set_current_details(f"{order.channel}: {standing.state}. {standing.reason}")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return Outcome(
            channel=order.channel,
            state=standing.state,
            receipt=standing.receipt,
            reason=standing.reason,
            next_step=standing.next_step,
            attempts=self._attempts,
        )

    @workflow.signal(name="halt")
    def halt(self, halt: Halt) -> None:
        """Stop before the next attempt; one that is on the wire is waited for."""
        self._halt = halt.to

    async def _publish(self) -> Standing:
        standing = await call(PLAN_PUBLICATION, self._task, LEDGER, priority=self._priority)
        while standing.state is PublicationState.PLANNED:
            if self._halt is not None:
                return await self._conclude(self._halt, "It was stopped before it went out.")
            if self._attempts >= self._order.attempts:
                return await self._conclude(
                    PublicationState.ABANDONED,
                    f"{self._order.channel} did not take it in {self._attempts} attempts.",
                    "Nothing went out. See whether the platform is up, then retry the channel.",
                )
            self._attempts += 1
            standing = await self._attempt()
            if standing.state in (PublicationState.SENDING, PublicationState.UNKNOWN):
                standing = await self._look()
        return standing

    async def _attempt(self) -> Standing:
        """One attempt; a halt meanwhile settles the row at once if nothing is on the wire."""
        attempt = asyncio.create_task(
            call(
                PUBLISH_POST,
                PublishPost(
                    task=self._task, attempt=self._attempts, fresh_until=self._order.fresh_until
                ),
                ATTEMPT,
                queue=self._queue,
                priority=self._priority,
                summary=f"{self._order.channel}: attempt {self._attempts}",
            )
        )
        await workflow.wait_condition(lambda: attempt.done() or self._halt is not None)
        if not attempt.done() and self._halt is not None:
            standing = await self._conclude(
                self._halt, "It was stopped before it went out.", "Nothing needs doing."
            )
            if standing.state is self._halt:
                # The ledger took the halt, so no attempt can reserve the row any more: one that
                # still waits for its turn will find that out by itself.
                attempt.cancel()
                await asyncio.gather(attempt, return_exceptions=True)
                return standing
        try:
            return await attempt
        except ActivityError as error:
            if timed_out(error):
                return Standing(state=PublicationState.UNKNOWN)
            what, next_step = words_of(error)
            return await self._conclude(PublicationState.REFUSED, what, next_step)

    async def _look(self) -> Standing:
        """Settle an attempt of unknown outcome by reading the platform back."""
        looking = self._order.looking
        sighting = Sighting(finding=Finding.CANNOT_TELL)
        for look in range(looking.looks):
            await workflow.sleep(looking.apart if look else looking.apart / 4)
            try:
                sighting = await call(
                    LOOK_FOR_POST,
                    LookForPost(task=self._task),
                    LOOK,
                    queue=self._queue,
                    priority=self._priority,
                    summary=f"{self._order.channel}: look {look + 1} of {looking.looks}",
                )
            except ActivityError as error:
                what, _ = words_of(error)
                sighting = Sighting(finding=Finding.CANNOT_TELL, why=what)
            if sighting.finding is not Finding.ABSENT:
                break
        if sighting.finding is Finding.FOUND:
            return await self._conclude(PublicationState.ACCEPTED, receipt=sighting)
        if sighting.finding is Finding.ABSENT:
            return await self._conclude(
                PublicationState.PLANNED, "It is absent from the platform."
            )
        return await self._conclude(
            PublicationState.UNKNOWN,
            f"{self._order.channel} gave no clear answer, and looking could not tell whether it "
            f"went out. {sighting.why}".strip(),
            "Look at the platform yourself, then settle it: went out, or did not.",
        )

    async def _conclude(
        self,
        to: PublicationState,
        reason: str = "",
        next_step: str = "",
        *,
        receipt: Sighting | None = None,
    ) -> Standing:
        """Enter a conclusion in the ledger, and return what the ledger says after it."""
        return await call(
            SETTLE_PUBLICATION,
            SettlePublication(
                task=self._task,
                to=to,
                attempt=self._attempts,
                reason=reason,
                next_step=next_step,
                receipt=receipt.receipt if receipt else None,
            ),
            LEDGER,
            priority=self._priority,
        )
