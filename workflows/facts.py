"""Recording facts: what is known so far, by reference; the words stay in the ledger."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.facts import FactsChange
    from domain.incident import IncidentState
    from domain.limits import NAME_LIMIT, refuse_long, refuse_many
    from workflows.contract.writing import RecordFacts
    from workflows.deadline_watch import DeadlineWatch
    from workflows.timeline import Timeline


class FactsRecording:
    """Records what is known; nobody's facts are overwritten by somebody who has not read them."""

    def __init__(self, state: IncidentState, timeline: Timeline, deadlines: DeadlineWatch) -> None:
        self._state = state
        self._timeline = timeline
        self._deadlines = deadlines

    def refuse(self, facts: RecordFacts) -> None:
        """Raise ``DomainError`` if the author may not record facts, or has not read the latest.

        The author may not if the incident is closed or its roster does not name the author.
        """
        self._state.refuse_request(facts.actor)
        refuse_long("The id of the draft", facts.facts, NAME_LIMIT)
        refuse_many("facts", (*facts.filled, *facts.changed))
        self._state.facts.refuse_stale(facts.based_on)

    def record(self, facts: RecordFacts) -> None:
        """Point to the new draft."""
        self.refuse(facts)
        change = FactsChange(draft=facts.facts, person=facts.actor.person, changed=facts.changed)
        before = self._state.facts.filled
        self._state.facts = self._state.facts.recorded(change, facts.filled)
        self._timeline.add("facts recorded", facts.actor, ", ".join(facts.changed))
        self._deadlines.hear_of_facts(facts.actor, facts.changed, before)
