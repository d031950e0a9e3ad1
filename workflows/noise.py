"""Entries that anybody can cause, without letting them fill the record."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.actor import Actor
    from domain.incident import IncidentState
    from domain.noise import Noise, may_enter, take_over
    from domain.plural import plural
    from workflows.timeline import Timeline


class NoiseLimit:
    """Enters the first few of a kind in an hour, and after it how many more there were."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._kinds = state.noise
        self._timeline = timeline

    def add(self, what: str, who: Actor | str, about: str = "") -> None:
        """Enter one thing that happened, or count it."""
        name = who.person if isinstance(who, Actor) else who
        if may_enter(self._kinds, f"{what}: {name}", workflow.now()):
            self._timeline.add(what, who, about)

    async def keep(self) -> None:
        """Enter what was left out once its hour is over, for as long as the incident lives."""
        while True:
            await workflow.wait_condition(lambda: bool(self._left_out()))
            until = min(noise.over_at() for noise in self._left_out())
            if until > workflow.now():
                await workflow.sleep(until - workflow.now())
            self.enter_left_out()

    def enter_left_out(self) -> None:
        """Enter how many were left out in the hours that are over."""
        for kind, noise in take_over(self._kinds, workflow.now()):
            more = plural(noise.left_out, "more entry", "more entries")
            self._timeline.add("not entered", "frontfoot", f"{more} within an hour: {kind}")

    def _left_out(self) -> list[Noise]:
        return [noise for noise in self._kinds.values() if noise.left_out]
