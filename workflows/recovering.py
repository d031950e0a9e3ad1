"""Recovering: going on after the ledger, or Temporal, was lost or restored."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.publication import Destination, PublicationState
    from workflows.contract import Reconcile
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline

_CALLED_OFF = {
    MessagePhase.WITHDRAWN: PublicationState.WITHDRAWN,
    MessagePhase.SUPERSEDED: PublicationState.SUPERSEDED,
}
"""How a publication ends whose message no longer should go out."""


class Recovering:
    """Takes the outcomes that a comparison found, and starts again what was under way."""

    def __init__(self, state: IncidentState, timeline: Timeline, publishing: Publishing) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing

    def start_again(self) -> None:
        """Start again what was under way when Temporal was lost.

        The ledger has every attempt, so nothing that was out goes out again: what was on the wire
        is looked for, and a batch is handed out only if nobody has begun it.
        """
        self._timeline.add("recovered", "frontfoot", "from the ledger's snapshot")
        for message in self._state.messages:
            if message.phase in _CALLED_OFF:
                left = [one for one in message.destinations if self._under_way(message, one)]
                self._publishing.call_off(message, left, _CALLED_OFF[message.phase])
            if message.phase is not MessagePhase.PUBLISHING:
                continue
            open_at = [
                one for one in message.destinations if not message.outcome_at(one).state.settled
            ]
            self._publishing.start(message, open_at)
            if not open_at:
                message.phase = MessagePhase.SETTLED

    def _under_way(self, message: MessageState, place: Destination) -> bool:
        outcome = message.outcomes.get(place.key)
        return outcome is not None and not outcome.state.settled

    def refuse(self, reconcile: Reconcile) -> None:
        """Raise ``DomainError`` while something that was compared is still under way."""
        self._state.refuse_request(reconcile.actor)
        for one in reconcile.outcomes:
            message = self._state.message(one.message)
            if self._publishing.run_of(message, one.outcome.destination) is not None:
                raise DomainError(
                    f"Message {one.message} on {one.outcome.destination} is still under way.",
                    "Wait until it has ended: it notices that the ledger is locked.",
                )

    def reconcile(self, reconcile: Reconcile) -> None:
        """Enter what is known now; once nothing is open, go on with this ledger."""
        self.refuse(reconcile)
        for seen in reconcile.seen:
            self._timeline.add("settled", reconcile.actor, seen)
        if not reconcile.generation:
            return
        for one in reconcile.outcomes:
            message = self._state.message(one.message)
            message.enter(one.outcome)
            self._timeline.add(
                str(one.outcome.state),
                one.outcome.channel,
                f"message {one.message}{one.outcome.destination.to_whom}: by comparison",
            )
        self._timeline.reconciled(reconcile.generation)
        self._timeline.add("ledger reconciled", reconcile.actor)
