"""Withdrawing: stopping a message, and taking back what is public and can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import WITHDRAW_BROADCAST
    from activities.signatures.posts import RETRACT_POST, PublicationTask
    from domain.explanation import Explanation, NextStep, explained
    from domain.ids import channel_queue
    from domain.incident import IncidentState
    from domain.limits import REASON_LIMIT
    from domain.message_state import MessagePhase, MessageState
    from domain.public_text import refuse_unfit
    from domain.publication import Destination, Outcome, PublicationState
    from workflows.calls import call, explanation_of
    from workflows.contract.steering import Withdraw
    from workflows.policies import LEDGER, LOOK
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline


class Withdrawing:
    """Stops a message that must not go out, or must no longer be public.

    What is asked for is recorded and ordered at once. Taking back takes as long as the platforms
    do; what of it is left can be told from the message, and goes on in a continued run.
    """

    def __init__(
        self,
        state: IncidentState,
        timeline: Timeline,
        publishing: Publishing,
        turns: Mapping[int, asyncio.Lock],
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing
        self._turns = turns
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def refuse(self, withdraw: Withdraw) -> None:
        """Raise ``DomainError`` unless there is such a message, and this person may ask."""
        self._state.refuse_request(withdraw.actor)
        self._state.message(withdraw.message)
        refuse_unfit(withdraw.reason, "The reason", REASON_LIMIT)

    def withdraw(self, withdraw: Withdraw) -> MessageState:
        """Stop it, and begin to take it back; ``withdrawing`` is true until that is done."""
        message = self._state.message(withdraw.message)
        why = f": {withdraw.reason}" if withdraw.reason else ""
        self._timeline.add("withdrawn", withdraw.actor, f"message {message.number}{why}")
        message.phase = MessagePhase.WITHDRAWN
        self._publishing.halt(message, PublicationState.WITHDRAWN)
        if self._left_to_do(message):
            message.withdrawing = True
            self._begin(message)
        else:
            self._end(message)
        return message

    def resume(self) -> None:
        """Go on with what was being withdrawn when an earlier run ended."""
        for message in self._state.messages:
            if message.withdrawing:
                self._begin(message)

    def _left_to_do(self, message: MessageState) -> bool:
        return bool(
            message.under_way
            or message.failed_posts()
            or message.public_at()
            or message.left_broadcasts()
        )

    def _begin(self, message: MessageState) -> None:
        if message.number not in self._under_way:
            taking_back = asyncio.create_task(self._take_all_back(message))
            self._under_way[message.number] = taking_back
            taking_back.add_done_callback(lambda _: self._under_way.pop(message.number, None))

    async def _take_all_back(self, message: MessageState) -> None:
        await self._publishing.settled(message)
        # Somebody may be entering at this moment what became of it.
        async with self._turns[message.number]:
            failed = message.failed_posts()
            self._publishing.call_off(message, failed, PublicationState.WITHDRAWN)
        await self._publishing.settled(message)
        for destination in message.public_at():
            await self._take_back(message, destination)
        for destination in message.left_broadcasts():
            await self._call_off(message, destination)
        self._end(message)

    def _end(self, message: MessageState) -> None:
        for destination in message.destinations:
            message.enter(_ended(message, destination))
        message.withdrawing = False

    async def _call_off(self, message: MessageState, destination: Destination) -> None:
        """End for good what a broadcast left to a retry."""
        task = PublicationTask(
            message=self._state.ref(message),
            channel=destination.channel,
            audience=destination.audience,
            digest=message.digest,
        )
        try:
            status = await call(WITHDRAW_BROADCAST, task, LEDGER)
        except ActivityError as error:
            before = message.outcome_at(destination)
            message.enter(before.model_copy(update={"explanation": explanation_of(error)}))
            return
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
