"""Seeing to it that what a resolution said would be done is asked for on its day."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.ids import follow_up_workflow_id
    from domain.incident import IncidentState
    from domain.message import MessageKind
    from workflows.contract.names import FOLLOW_UP_WORKFLOW
    from workflows.contract.standing import FollowUp
    from workflows.timeline import Timeline


class FollowingUp:
    """Starts the follow-up once people were told that it is over; it outlives the incident."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline

    def due(self) -> bool:
        """Whether one is to be started."""
        state = self._state
        if state.severity is None or state.followed_up:
            return False
        return state.has_told(MessageKind.RESOLUTION_NOTE)

    async def start(self) -> None:
        """Start it. One that runs already, from before a reset, is the same."""
        state = self._state
        if state.severity is None:
            return
        state.followed_up = True
        told = [
            one.number
            for one in state.messages
            if one.kind is MessageKind.RESOLUTION_NOTE and state.told(one)
        ]
        order = FollowUp(
            incident=state.incident,
            roster=state.plan.roster,
            otherwise=state.opened_by.person,
            severity=state.severity,
            message=told[-1],
        )
        try:
            await workflow.start_child_workflow(
                FOLLOW_UP_WORKFLOW,
                order,
                id=follow_up_workflow_id(state.incident),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary="The prevention, on the day on which it is due",
            )
        except FailureError as error:
            workflow.logger.info("the follow-up was not started: %s", type(error).__name__)
            return
        self._timeline.add("follow-up planned", "frontfoot", "the prevention, on its day")
