"""The state of a running broadcast: how far it is, and whether it may go on."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import (
        PAUSE_BROADCAST,
        STOP_BROADCAST,
        BatchesSent,
        PauseBroadcast,
        StopBroadcast,
    )
    from activities.signatures.posts import PublicationTask
    from domain.explanation import Action, Explanation, NextStep
    from domain.ids import publication_key
    from domain.ledger import BegunAttempt, says_behind
    from domain.publication import Outcome, PublicationState
    from domain.times import show_moment
    from workflows.calls import call, explanation_of
    from workflows.ceilings import Ceilings
    from workflows.contract.publications import BroadcastRun, PublishMessage
    from workflows.policies import (
        BULK_LEDGER,
        HELD_AT_MOST,
        HELD_FIRST,
        LEDGER,
        ORDINARY,
        URGENT,
        WAIT_TOLD_FROM,
    )
    from workflows.reporting import report


class BroadcastControl:
    """The one place that pauses, resumes, halts and counts.

    ``refusal`` is why nothing more can go out, if that is so; ``halted`` what it was halted to.
    """

    def __init__(self, order: PublishMessage) -> None:
        self._order = order
        place = order.destination
        self._key = publication_key(order.message, place.channel, place.audience)
        self._pausing = asyncio.Lock()
        self._ended = False
        self._wanted: str | None = None
        self._steering = False
        self.calling_off = False
        self.ceilings = Ceilings()
        self.run = order.progress or BroadcastRun()
        self.priority = URGENT if order.urgent else ORDINARY
        self.halted: PublicationState | None = self.run.halted
        self.refusal: Explanation | None = self.run.refusal

    @property
    def over(self) -> bool:
        """Whether nothing more is handed out, and not only for now."""
        return self.halted is not None or self.refusal is not None

    @property
    def behind(self) -> bool:
        """Whether the ledger has forgotten something of it, so that its counts mean nothing."""
        return says_behind(self.refusal)

    def task(self) -> PublicationTask:
        """The task of each activity, with what the ledger must have by now."""
        task, run = self._order.task(), self.run
        newest = run.newest or task.known.newest
        if run.handed_out:
            newest = newest or BegunAttempt(attempt=0)
            newest = newest.model_copy(update={"handed_out": self._handed_out})
        generation = run.generation or task.known.generation
        known = task.known.model_copy(update={"generation": generation, "newest": newest})
        return task.model_copy(update={"known": known})

    @property
    def _handed_out(self) -> int:
        before = self._order.known.newest
        return max(self.run.handed_out, before.handed_out if before else 0)

    def hand_out(self, last: int) -> None:
        """Remember that a range up to the batch ``last`` is handed out."""
        self.note(handed_out=max(last, self.run.handed_out))

    @property
    def planned(self) -> bool:
        """Whether the ledger has its plan."""
        return self.run.broadcast > 0

    def note(self, **changes: object) -> None:
        """Change what is known of the run."""
        self.run = self.run.model_copy(update=changes)

    def refuse(self, why: Explanation) -> None:
        """Record why nothing more can go out; the first reason stays, unless one is graver."""
        self.refusal = why if says_behind(why) else self.refusal or why

    def end(self) -> None:
        """End it: a pause or a resume that arrives later changes nothing."""
        self._ended = True

    async def count(self, sent: BatchesSent) -> None:
        """Add the result of a range; pause if too much of the whole was refused or bounced."""
        self.note(
            newest=_later(self.run.newest, sent.begun),
            accepted=self.run.accepted + sent.accepted,
            refused=self.run.refused + sent.refused,
            unknown_batches=self.run.unknown_batches + sent.unknown_batches,
        )
        await self._heed_limit(sent)
        if sent.halted:
            self.refuse(sent.explanation or Explanation(what="The provider takes no more."))
        elif sent.aside is None and sent.limit is None and self.run.explanation is None:
            self.note(explanation=sent.explanation)
        plan = self._order.broadcast
        too_many = sent.health.reason_to_pause(plan.pause_above, plan.pause_after)
        if too_many and not self.run.threshold_overridden:
            await self.set_pause(f"Paused by itself: {too_many}")

    # --- the provider's limits ------------------------------------------------------------------

    async def wait(self, until: datetime, times: int, why: Explanation) -> None:
        """Send nothing before ``until``, and say so; ``times``: how often in a row."""
        until = max(until, self.run.waits_until or until)
        self.note(waits_until=until, throttles=max(times, self.run.throttles))
        if until - workflow.now() >= WAIT_TOLD_FROM:
            self.note(limit=why)
            await self.tell_incident()

    async def _heed_limit(self, sent: BatchesSent) -> None:
        waited_until = self.run.waits_until
        # What was on the wire when another range met the limit says nothing about its end.
        if sent.taken and waited_until is not None and workflow.now() >= waited_until:
            self.note(throttles=0, waits_until=None)
        if sent.limit is not None and sent.explanation is not None:
            await self.wait(sent.limit.until, sent.limit.times, sent.explanation)
        elif self.run.limit is not None and self.run.waits_until is None:
            self.note(limit=None)
            await self.tell_incident()

    # --- everything stopped ---------------------------------------------------------------------

    async def hold(self, why: Explanation) -> None:
        """Ask the ledger again in a while, since everything of the incident is stopped."""
        until = self.run.held_until
        if until is None or workflow.now() >= until:
            wait = min(HELD_FIRST * (1 << min(self.run.holds, 10)), HELD_AT_MOST)
            self.note(holds=self.run.holds + 1, held_until=workflow.now() + wait)
        if self.run.held is None:
            self.note(held=why)
            await self.tell_incident()

    async def end_hold(self) -> None:
        """The ledger hands out again."""
        if self.run.held is not None:
            self.note(held=None, held_until=None, holds=0)
            await self.tell_incident()

    def go_on(self) -> None:
        """Ask the ledger at once: everything is resumed."""
        self.note(held_until=None, holds=0)

    @property
    def waits_until(self) -> datetime | None:
        """When more may be handed out, if the provider or a person has us wait."""
        times = [one for one in (self.run.waits_until, self.run.held_until) if one is not None]
        return max(times, default=None)

    # --- pausing and halting ------------------------------------------------------------------

    async def set_pause(self, reason: str) -> None:
        """Pause for ``reason``, or resume if it is empty; the ledger learns of it first."""
        async with self._pausing:
            # It may be in the middle of being planned.
            await workflow.wait_condition(lambda: self.planned or self._ended)
            # A halted broadcast stays as it is: resuming it would send batches that are returned
            # unsent.
            if bool(self.run.paused) == bool(reason) or self._ended or self.halted:
                return
            await self._pause_ledger(paused=bool(reason))
            self.note(paused=reason)
            await self.tell_incident()

    def want_pause(self, reason: str) -> None:
        """Pause for ``reason`` soon; or resume, if it is empty. The last word counts.

        Once a person has overridden the threshold, it does not pause by itself again.
        """
        if not reason:
            overridden = self.run.threshold_overridden or bool(self.run.paused)
            self.note(threshold_overridden=overridden)
        self._wanted = reason

    def steered(self) -> bool:
        """Whether it has done everything that it was told."""
        return self._wanted is None and not self._steering

    async def steer(self) -> None:
        """Do what it is told, for as long as it lives: at once, but one thing at a time."""
        while True:
            await workflow.wait_condition(lambda: self._wanted is not None)
            wanted, self._wanted = self._wanted or "", None
            self._steering = True
            try:
                await self.set_pause(wanted)
            except ActivityError as error:
                workflow.logger.warning("it was not steered: %s", explanation_of(error).what)
            self._steering = False

    async def clear_old_pause(self) -> None:
        """End a pause that an earlier run of this broadcast left in the ledger."""
        async with self._pausing:
            if not self.run.paused and self.halted is None:
                await self._pause_ledger(paused=False)

    async def call_off(self) -> None:
        """Tell the ledger of a halt at once: a range that was handed out ends at its next batch."""
        await workflow.wait_condition(lambda: self.halted is not None and self.planned)
        self.calling_off = True
        async with self._pausing:
            # A batch on the wire that is returned unsent is planned again after the stop, and the
            # server tries its range again: it must not be handed out then.
            await self._pause_ledger(paused=True)
        await self.stop_ledger()
        self.calling_off = False

    async def stop_ledger(self) -> None:
        """Call off every batch that has not begun."""
        if self.halted is None:
            return
        stop = StopBroadcast(broadcast=self.run.broadcast, to=self.halted, key=self._key)
        await call(STOP_BROADCAST, stop, BULK_LEDGER, priority=self.priority)

    async def _pause_ledger(self, *, paused: bool) -> None:
        pause = PauseBroadcast(broadcast=self.run.broadcast, paused=paused, key=self._key)
        await call(PAUSE_BROADCAST, pause, LEDGER, priority=self.priority)

    # --- telling ------------------------------------------------------------------------------

    async def tell_first_batch(self) -> None:
        """Tell the incident, once, that people are being told."""
        if self.run.accepted and not self.run.told:
            self.note(told=True)
            await self.tell_incident()

    async def tell_incident(self) -> None:
        """Report to the incident: whether people are being told, or the broadcast waits."""
        why = self._why_it_waits()
        outcome = Outcome.at(self._order.destination, PublicationState.SENDING, why)
        waits = why is not None and not self.run.paused
        await report(self._order, outcome, told=self.run.told, waits=waits)

    def _why_it_waits(self) -> Explanation | None:
        limit, until = self.run.limit, self.run.waits_until
        if self.run.paused:
            resume = self._order.destination.step(
                Action.RESUME, self._order.message, "Resume it, or stop it for good."
            )
            return Explanation(what=self.run.paused, next_step=resume)
        if self.run.held is not None:
            return self.run.held
        if limit is None or until is None:
            return None
        return Explanation(
            what=f"Waits because of the provider's limit, next attempt about {show_moment(until)}.",
            means=limit.what,
            next_step=NextStep(advice="It goes on by itself."),
        )


def _later(one: BegunAttempt | None, other: BegunAttempt | None) -> BegunAttempt | None:
    """The one that began later; ranges report in any order."""
    if one is None or other is None or one.at is None or other.at is None:
        return other or one
    return one if one.at >= other.at else other
