"""An incident's part in its deadlines: what its timeline says, and having somebody watch them."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.deadlines import START_WATCHING, WatchDeadlines
    from domain.actor import Actor
    from domain.deadlines import counted_from
    from domain.facts import DEADLINE_FACTS, TIME_FACTS
    from domain.incident import IncidentState
    from domain.regulations.applying import step_named
    from workflows.calls import call
    from workflows.contract.writing import NoteNotified
    from workflows.policies import LEDGER, ORDINARY
    from workflows.timeline import Timeline


class DeadlineWatch:
    """Hears of facts that deadlines count from. It knows their names, and never what they say."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline
        self._heard = False
        self._starting = False

    def resume(self) -> None:
        """Have them be watched again: the incident was recovered, and who watched them is lost."""
        if set(self._state.facts.filled).intersection(DEADLINE_FACTS):
            self._heard = self._state.severity is not None

    def hear_of_facts(self, actor: Actor, changed: Sequence[str], before: Sequence[str]) -> None:
        """Facts were recorded; ``before`` are those that were known already."""
        if not set(changed).intersection(DEADLINE_FACTS):
            return
        corrected = [one for one in changed if one in TIME_FACTS and one in before]
        moved = counted_from(corrected, self._words())
        if moved:
            about = f"{', '.join(corrected)} was corrected: {'; '.join(moved)}"
            self._timeline.add("deadlines counted again", actor, about)
        # An incident without a severity was opened before there were any: nobody is reminded.
        self._heard = self._state.severity is not None

    def refuse(self, note: NoteNotified) -> None:
        """Raise ``DomainError`` unless the author is in the roster, and there is such a step."""
        self._state.refuse_request(note.actor)
        step_named(note.step)

    def note(self, note: NoteNotified) -> None:
        """Enter that an authority was notified."""
        self.refuse(note)
        late = ", late" if note.late else ""
        about = f"{step_named(note.step).title} ({note.step}){late}"
        self._timeline.add("authority notified", note.actor, about)
        self._heard = self._state.severity is not None

    def quiet(self) -> bool:
        """Whether whoever watches has been told of everything."""
        return not self._heard and not self._starting

    async def keep(self) -> None:
        """Have the deadlines be watched whenever something changed, while the incident lives."""
        while True:
            await workflow.wait_condition(lambda: self._heard)
            severity = self._state.severity
            self._heard, self._starting = False, True
            if severity is not None:
                order = WatchDeadlines(incident=self._state.incident, severity=severity)
                try:
                    await call(START_WATCHING, order, LEDGER, priority=ORDINARY)
                except ActivityError as error:
                    cause = type(error.cause).__name__
                    workflow.logger.error("deadlines are not watched: %s", cause)
            self._starting = False

    def _words(self) -> set[str]:
        words = set(self._state.plan.regulations.apply)
        if {"data_kinds", "people_count"}.intersection(self._state.facts.filled):
            words.add("gdpr")
        return words
