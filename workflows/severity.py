"""Severity: how bad the incident is, which people may see otherwise as it goes on."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from domain.limits import REASON_LIMIT
    from domain.public_text import is_blank, refuse_unfit
    from workflows.contract.lifecycle import SetSeverity
    from workflows.timeline import Timeline


class SettingSeverity:
    """Changes the severity; the page's impact is each message's own, and is not changed by it."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline

    def refuse(self, chosen: SetSeverity) -> None:
        """Raise ``DomainError`` unless it is another severity, with a reason."""
        self._state.refuse_request(chosen.actor)
        refuse_unfit(chosen.reason, "The reason", REASON_LIMIT)
        if is_blank(chosen.reason):
            raise DomainError(
                "The severity is changed only with a reason.",
                "Say in a few words why it is worse, or less bad, than was thought.",
            )
        if chosen.severity is self._state.severity:
            raise DomainError(
                f"The incident has {chosen.severity.in_words} already.", "Choose another."
            )

    def set(self, chosen: SetSeverity) -> None:
        """Enter it; how fast people are reminded follows from now on."""
        state = self._state
        before = state.severity.in_words if state.severity else "none"
        if state.severity is None:
            # What was promised before is not watched: nobody was told that it would be.
            state.watched_from = max((one.number for one in state.messages), default=-1)
        state.severity = chosen.severity
        about = f"{chosen.severity.in_words}, was {before}: {chosen.reason}"
        self._timeline.add("severity set", chosen.actor, about)
