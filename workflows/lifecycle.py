"""The lifecycle: opening and joining, for whom, moving from stage to stage, closing."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import (
        CLOSE_INCIDENT,
        REGISTER_INCIDENT,
        CloseIncident,
        RegisterIncident,
    )
    from domain.actor import Actor
    from domain.incident import IncidentState
    from domain.stage import Stage
    from workflows.calls import call
    from workflows.contract import Advance, Close, Join, SetAudiences
    from workflows.policies import LEDGER
    from workflows.timeline import Timeline


class Lifecycle:
    """Moves the incident's stage; nobody else does.

    ``turn`` keeps the stage while a proposal is being rendered for it.
    """

    def __init__(self, state: IncidentState, timeline: Timeline, turn: asyncio.Lock) -> None:
        self._state = state
        self._timeline = timeline
        self._turn = turn

    async def register(self) -> None:
        """Enter the incident in the ledger's list, or its audiences if it is there already."""
        state = self._state
        registration = RegisterIncident(
            incident=state.incident,
            title=state.title,
            playbook=state.plan.name,
            audiences=state.audiences,
            opened_at=state.opened_at,
            plan=state.plan,
        )
        await call(REGISTER_INCIDENT, registration, LEDGER)

    async def record_closing(self) -> None:
        """Mark the incident closed in the ledger's list."""
        closing = CloseIncident(incident=self._state.incident, at=workflow.now())
        await call(CLOSE_INCIDENT, closing, LEDGER)

    def closed(self) -> bool:
        """Whether the response is over."""
        return self._state.stage is Stage.CLOSED

    def join(self, join: Join) -> None:
        """Record who joined; the person who opened it is recorded already."""
        if join.actor.person != self._state.opened_by.person:
            self._timeline.add("joined", join.actor)

    async def set_audiences(self, chosen: SetAudiences) -> None:
        """Write to these audiences from now on; a message that waits keeps its own."""
        state = self._state
        async with self._turn:
            state.refuse_audiences(chosen.actor)
            state.audiences = tuple(dict.fromkeys(chosen.audiences))
            await self.register()
        self._timeline.add("audiences set", chosen.actor, ", ".join(state.audiences))

    def enter(self, stage: Stage, actor: Actor) -> None:
        """Move to ``stage``, unless it is there."""
        if stage is not self._state.stage:
            self._timeline.add("stage entered", actor, f"{stage}, from {self._state.stage}")
            self._state.stage = stage
            workflow.set_current_details(f"Stage: {stage}")

    async def advance(self, advance: Advance) -> None:
        """Move to another stage, if the table and the messages so far allow it."""
        async with self._turn:
            self._state.refuse_stage(advance.to)
            self.enter(advance.to, advance.actor)

    async def close(self, close: Close) -> None:
        """End the response, unless something is open that was not waived in writing."""
        async with self._turn:
            self._state.refuse_close(close.waive)
            self._state.close(close.waive, workflow.now())
        waived = f"waived: {self._state.waiver}" if self._state.waiver else ""
        self._timeline.add("closed", close.actor, waived)
