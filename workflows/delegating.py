"""Delegating: who signs for whom, until it ends by itself."""

from __future__ import annotations

import contextlib
from datetime import UTC

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.actor import Actor
    from domain.delegation import Delegation, in_force, refuse_delegation
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from domain.times import show_moment
    from workflows.contract.signing import Delegate
    from workflows.timeline import Timeline


class Delegating:
    """Keeps the delegations of an incident."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline

    def refuse(self, asked: Delegate) -> None:
        """Raise ``DomainError`` unless it can be recorded, or ended, now."""
        self._state.refuse_request(asked.actor)
        if asked.actor.person == asked.to and asked.until is not None:
            raise DomainError(
                f"{asked.to} cannot give themselves the roles of {asked.holder}.",
                f"Ask {asked.holder}, or somebody who administrates.",
                means="Nothing was changed.",
            )
        for person in (asked.holder, asked.to):
            self._state.refuse_stranger(Actor(person=person))
        if asked.until is None:
            if self._running(asked) is None:
                raise DomainError(
                    f"{asked.holder} has delegated nothing to {asked.to}.",
                    "There is nothing to end.",
                )
            return
        if asked.until.tzinfo is None:
            raise DomainError("The end has no zone.", "Give it in UTC, or as a time from now.")
        now = workflow.now()
        refuse_delegation(
            asked.holder, asked.to, asked.until, now, in_force(self._state.delegations, now)
        )

    def delegate(self, asked: Delegate) -> None:
        """Record it in place of the one before between these two, or end that."""
        self.refuse(asked)
        self._end_those_over()
        others = tuple(one for one in self._state.delegations if not _between(one, asked))
        if asked.until is None:
            self._state.delegations = others
            self._timeline.add("delegation ended", asked.actor, f"{asked.holder} to {asked.to}")
            return
        until = asked.until.astimezone(UTC)
        delegation = Delegation(
            holder=asked.holder, to=asked.to, until=until, at=workflow.now(), actor=asked.actor
        )
        self._state.delegations = (*others, delegation)
        about = f"{asked.holder} to {asked.to}, until {show_moment(until)}"
        self._timeline.add("delegated", asked.actor, about)

    async def keep(self) -> None:
        """End each at its time, for as long as the incident lives."""
        while True:
            await workflow.wait_condition(lambda: bool(self._state.delegations))
            first = min(one.until for one in self._state.delegations)

            def sooner(first: object = first) -> bool:
                ends = [one.until for one in self._state.delegations]
                return not ends or min(ends) != first

            left = first - workflow.now()
            if left.total_seconds() > 0:
                with contextlib.suppress(TimeoutError):
                    await workflow.wait_condition(sooner, timeout=left)
            self._end_those_over()

    def _end_those_over(self) -> None:
        now = workflow.now()
        running = in_force(self._state.delegations, now)
        for one in self._state.delegations:
            if one not in running:
                self._timeline.add("delegation ended", "frontfoot", f"{one.holder} to {one.to}")
        self._state.delegations = running

    def _running(self, asked: Delegate) -> Delegation | None:
        running = in_force(self._state.delegations, workflow.now())
        return next((one for one in running if _between(one, asked)), None)


def _between(one: Delegation, asked: Delegate) -> bool:
    return (one.holder, one.to) == (asked.holder, asked.to)
