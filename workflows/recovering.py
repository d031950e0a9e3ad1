"""Recovering: going on after the ledger, or Temporal, was lost or restored."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from workflows.contract.steering import Reconcile
    from workflows.openings import Openings
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline


class Recovering:
    """Takes the outcomes that a comparison found, and starts again what was under way."""

    def __init__(
        self,
        state: IncidentState,
        timeline: Timeline,
        publishing: Publishing,
        openings: Openings,
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing
        self._openings = openings

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
        self._openings.enter_again()
        self._timeline.add("ledger reconciled", reconcile.actor)
