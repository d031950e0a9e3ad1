"""Withdrawing: stopping a message, and taking back what is public and can be taken back."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import RETRACT_POST, PublicationTask
    from domain.explanation import Explanation
    from domain.ids import channel_queue
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.publication import Destination, PublicationState
    from workflows.calls import call, explanation_of
    from workflows.contract import Withdraw
    from workflows.policies import LOOK
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline


class Withdrawing:
    """Stops a message that must not go out, or must no longer be public."""

    def __init__(self, state: IncidentState, timeline: Timeline, publishing: Publishing) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing

    def refuse(self, withdraw: Withdraw) -> None:
        """Raise ``DomainError`` unless there is such a message, and this person may ask."""
        self._state.refuse_request(withdraw.actor)
        self._state.message(withdraw.message)

    async def withdraw(self, withdraw: Withdraw) -> MessageState:
        """Stop it, take it back, and return when all of it has settled."""
        message = self._state.message(withdraw.message)
        why = f": {withdraw.reason}" if withdraw.reason else ""
        self._timeline.add("withdrawn", withdraw.actor, f"message {message.number}{why}")
        message.phase = MessagePhase.WITHDRAWN
        self._publishing.halt(message, PublicationState.WITHDRAWN)
        await self._publishing.settled(message)
        for destination in message.public_at():
            await self._take_back(message, destination)
        return message

    async def _take_back(self, message: MessageState, destination: Destination) -> None:
        """Delete one post; mail cannot be recalled."""
        before = message.outcome_at(destination)
        task = PublicationTask(
            message=self._state.ref(message), channel=destination.channel, digest=message.digest
        )
        try:
            status = await call(RETRACT_POST, task, LOOK, queue=channel_queue(destination.channel))
            after = before.model_copy(
                update={"state": status.state, "explanation": status.explanation}
            )
        except ActivityError as error:
            after = before.model_copy(update={"explanation": _not_taken_back(error)})
        message.enter(after)
        taken_back = after.state is PublicationState.WITHDRAWN
        word = "taken back" if taken_back else "not taken back"
        self._timeline.add(word, destination.channel, f"message {message.number}")


def _not_taken_back(error: ActivityError) -> Explanation:
    why = explanation_of(error)
    return why.model_copy(update={"what": f"It may still be public: {why.what}"})
