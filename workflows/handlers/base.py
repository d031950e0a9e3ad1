"""What the handlers of an incident share: its state, and the answers made of it."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.incident import IncidentState
    from domain.message_state import MessageState
    from domain.status import IncidentStatus, MessageStatus
    from domain.timeline import TimelineEntry
    from workflows.ceilings import Ceilings
    from workflows.status import incident_status, message_status
    from workflows.timeline import Timeline
    from workflows.turns import WaitingRoom


class IncidentHandlers:
    """What handlers of every subject use; the workflow's ``__init__`` sets it.

    Each subject's class below it names the collaborators that it hands over to. A handler counts
    itself, asks its collaborator and answers; rules are not in here.
    """

    _state: IncidentState
    _timeline: Timeline
    _ceilings: Ceilings
    _waiting_room: WaitingRoom

    @workflow.query(name="status")
    def status(self) -> IncidentStatus:
        """The status of the response."""
        timeline = self._timeline
        known, branch, behind = timeline.known(), timeline.branch(), timeline.behind
        return incident_status(self._state, known, branch, behind, workflow.now())

    @workflow.query(name="timeline")
    def timeline(self) -> list[TimelineEntry]:
        """What happened so far, oldest first."""
        return list(self._timeline.entries())

    def _of(self, message: MessageState) -> MessageStatus:
        return message_status(self._state, message)
