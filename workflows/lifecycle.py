"""The lifecycle: opening and joining, for whom, moving from stage to stage, closing."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import (
        CHECK_COVERAGE,
        CLOSE_INCIDENT,
        REGISTER_INCIDENT,
        CheckCoverage,
        CloseIncident,
        RegisterIncident,
    )
    from domain.actor import Actor
    from domain.errors import DomainError, NotNow
    from domain.explanation import Action, Explanation, NextStep
    from domain.incident import IncidentState
    from domain.lifecycle import end, refuse_audiences, refuse_close, refuse_stage
    from domain.promise_clock import ENDED_AS, open_promises
    from domain.stage import Stage
    from workflows.calls import call, explanation_of
    from workflows.contract.lifecycle import Advance, Close, Join, SetAudiences
    from workflows.policies import ASKED, ASKED_WITHIN, LEDGER, ActivityPolicy
    from workflows.timeline import Timeline
    from workflows.turns import turn


class Lifecycle:
    """Moves the incident's stage; nobody else does.

    ``turn_lock`` keeps the stage while a proposal is being rendered for it. ``registered``: the
    ledger has the incident.
    """

    def __init__(
        self,
        state: IncidentState,
        timeline: Timeline,
        turn_lock: asyncio.Lock,
        *,
        registered: bool = False,
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._turn = turn_lock
        self.registered = registered
        self.taken: Explanation | None = None

    async def keep_registered(self, *, recovered: bool) -> None:
        """Enter the incident in the ledger's list, unless it is; ``taken`` says why it cannot be.

        The ledger decides about names: one that another incident has had is used up. With
        ``recovered`` this is that incident, whose own workflow was lost.
        """
        if self.registered:
            return
        try:
            await self._register(LEDGER, recovered=recovered)
        except ActivityError as error:
            self.taken = explanation_of(error)
        else:
            self.registered = True

    async def refuse_unregistered(self) -> None:
        """Raise ``DomainError`` unless the ledger has the incident, or soon has it."""
        try:
            await workflow.wait_condition(
                lambda: self.registered or self.taken is not None, timeout=ASKED_WITHIN
            )
        except TimeoutError as error:
            raise NotNow(
                "The ledger has not answered since the incident was opened.",
                NextStep(action=Action.CHECK, advice="Try again once it does."),
                means="Nothing was changed.",
            ) from error
        if self.taken is not None:
            raise DomainError.of(self.taken)

    async def _register(self, policy: ActivityPolicy, *, recovered: bool = False) -> None:
        state = self._state
        registration = RegisterIncident(
            incident=state.incident,
            title=state.title,
            playbook=state.plan.name,
            audiences=state.audiences,
            opened_at=state.opened_at,
            run=workflow.info().first_execution_run_id,
            recovered=recovered,
            plan=state.plan,
        )
        await call(REGISTER_INCIDENT, registration, policy)

    async def record_closing(self) -> None:
        """Mark the incident closed in the ledger's list."""
        closing = CloseIncident(incident=self._state.incident, at=workflow.now())
        await call(CLOSE_INCIDENT, closing, LEDGER)

    def closed(self) -> bool:
        """Whether the response is over."""
        return self._state.stage is Stage.CLOSED

    def join(self, join: Join) -> None:
        """Record who joined, once each; the person who opened it is recorded already."""
        state, person = self._state, join.actor.person
        if person != state.opened_by.person and person not in state.joined:
            state.joined = (*state.joined, person)
            self._timeline.add("joined", join.actor)

    async def set_audiences(self, chosen: SetAudiences) -> None:
        """Write to these audiences from now on; a message that waits keeps its own."""
        state = self._state
        async with turn(self._turn):
            await self.refuse_unregistered()
            refuse_audiences(state, chosen.actor)
            before = state.audiences
            state.audiences = tuple(dict.fromkeys(chosen.audiences))
            try:
                await self._register(ASKED)
            except ActivityError:
                state.audiences = before
                raise
        self._timeline.add("audiences set", chosen.actor, ", ".join(state.audiences))

    def enter(self, stage: Stage, actor: Actor) -> None:
        """Move to ``stage``, unless it is there."""
        if stage is not self._state.stage:
            self._timeline.add("stage entered", actor, f"{stage}, from {self._state.stage}")
            self._state.stage = stage
            workflow.set_current_details(f"Stage: {stage}")

    async def advance(self, advance: Advance) -> None:
        """Move to another stage, if the table and the messages so far allow it."""
        async with turn(self._turn):
            refuse_stage(self._state, advance.to)
            self.enter(advance.to, advance.actor)

    async def close(self, close: Close) -> None:
        """End the response, unless something is open that was not waived in writing."""
        async with turn(self._turn):
            refuse_close(self._state, close.waive)
            if not close.waive.strip() and self._state.severity is not None:
                # Whoever asks Temporal and no surface is held to it too.
                asked = CheckCoverage(incident=self._state.incident)
                await call(CHECK_COVERAGE, asked, ASKED)
                refuse_close(self._state, close.waive)
            promised = [one for one in open_promises(self._state.promises) if one.public]
            end(self._state, close.waive, workflow.now())
            for one in promised:
                about = f"{one.in_words}: {one.why}"
                self._timeline.add(ENDED_AS[one.state], close.actor, about)
        waived = f"waived: {self._state.waiver}" if self._state.waiver else ""
        self._timeline.add("closed", close.actor, waived)
