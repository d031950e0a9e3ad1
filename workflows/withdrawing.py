"""Withdrawing: stopping a message, and taking back what is public and can be taken back."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import WITHDRAW_BROADCAST
    from activities.signatures.posts import RETRACT_POST, PublicationTask
    from domain.explanation import Explanation, NextStep, explained
    from domain.ids import channel_queue
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.publication import Destination, Outcome, PublicationState
    from workflows.calls import call, explanation_of
    from workflows.contract import Withdraw
    from workflows.policies import LEDGER, LOOK
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
        self._publishing.call_off(message, message.failed_posts(), PublicationState.WITHDRAWN)
        await self._publishing.settled(message)
        for destination in message.public_at():
            await self._take_back(message, destination)
        for destination in message.left_broadcasts():
            await self._call_off(message, destination)
        for destination in message.destinations:
            message.enter(_ended(message, destination))
        return message

    async def _call_off(self, message: MessageState, destination: Destination) -> None:
        """End for good what a broadcast left to a retry."""
        task = PublicationTask(
            message=self._state.ref(message),
            channel=destination.channel,
            audience=destination.audience,
            digest=message.digest,
        )
        status = await call(WITHDRAW_BROADCAST, task, LEDGER)
        message.enter(Outcome.at(destination, status.state, status.explanation))
        why = f": {status.explanation.what}" if status.explanation else ""
        about = f"message {message.number}{destination.to_whom}{why}"
        self._timeline.add(str(status.state), destination.channel, about)

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


def _ended(message: MessageState, destination: Destination) -> Outcome:
    """The outcome at a destination of a message that was withdrawn."""
    outcome = message.outcome_at(destination)
    match outcome.state:
        case PublicationState.ACCEPTED if destination.audience is not None:
            why = Explanation(
                what="It was sent before it was withdrawn.",
                means="Mail cannot be taken back.",
                next_step=NextStep(advice="Propose a correction."),
            )
            return outcome.model_copy(update={"explanation": why})
        case PublicationState.ACCEPTED if destination.channel not in message.retractable:
            why = explained(
                f"It is public, and {destination.channel} cannot delete it from here.",
                "Take it down by hand, on the platform.",
            )
            return outcome.model_copy(update={"explanation": why})
        case PublicationState.PLANNED:
            why = Explanation(what="It was withdrawn before it was sent.")
            return Outcome.at(destination, PublicationState.WITHDRAWN, why)
    return outcome


def _not_taken_back(error: ActivityError) -> Explanation:
    why = explanation_of(error)
    return why.model_copy(update={"what": f"It may still be public: {why.what}"})
