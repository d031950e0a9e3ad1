"""Following an approved message to its end on every channel, each independent of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import RETRACT_POST, PublicationTask
    from activities.signatures.settling import SETTLE_BY_PERSON, SettleByPerson
    from domain.broadcasting import BroadcastAction
    from domain.errors import DomainError
    from domain.ids import channel_queue, publication_workflow_id
    from domain.incident import IncidentState, MessagePhase, MessageState, refuse_unopened
    from domain.message import MessageKind
    from domain.publication import Outcome, PublicationState
    from workflows.calls import call, words_of
    from workflows.contract import (
        BROADCAST_WORKFLOW,
        PUBLICATION_WORKFLOW,
        ChannelNews,
        Halt,
        Pause,
        PublishMessage,
        Settle,
        SteerBroadcast,
    )
    from workflows.policies import LEDGER, LOOK, ORDINARY, OVERTAKEN_WAIT, URGENT
    from workflows.timeline import Timeline

_HALTED = {
    MessagePhase.WITHDRAWN: PublicationState.WITHDRAWN,
    MessagePhase.SUPERSEDED: PublicationState.SUPERSEDED,
}


class Publishing:
    """Starts one child workflow for each channel and keeps the message's outcomes."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline
        self._following: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._handles: dict[tuple[int, str], workflow.ChildWorkflowHandle[Any, Outcome]] = {}
        self._halts: dict[int, PublicationState] = {}
        self._halting: set[asyncio.Task[None]] = set()

    def quiet(self) -> bool:
        """Whether no publication is under way."""
        return not self._following and not self._halting

    def start(self, message: MessageState, channels: tuple[str, ...]) -> None:
        """Publish an approved message on ``channels``, concurrently."""
        self.refuse_start(message)
        message.phase = MessagePhase.PUBLISHING
        for channel in channels:
            key = (message.number, channel)
            message.outcomes[channel] = Outcome(channel=channel, state=PublicationState.PLANNED)
            self._following[key] = asyncio.create_task(self._follow(message, channel))

    def refuse_start(self, message: MessageState) -> None:
        """Raise ``DomainError`` unless ``message`` is approved and still meant to go out."""
        refuse_unopened(message)
        if message.phase in _HALTED:
            raise DomainError(
                f"Message {message.number} is {message.phase} and is not published any more.",
                "Propose a new message.",
            )

    async def halt(self, message: MessageState, to: PublicationState) -> None:
        """Stop what has not gone out yet, and wait until every channel has settled."""
        self._halts[message.number] = to
        for (number, _), handle in sorted(self._handles.items()):
            if number == message.number:
                await self._signal_halt(handle, to)
        await workflow.wait_condition(
            lambda: not any(number == message.number for number, _ in self._following)
        )
        # A later retry of this message, if a person asks for one, starts free.
        self._halts.pop(message.number, None)

    def halt_soon(self, message: MessageState, to: PublicationState) -> None:
        """Like ``halt``, without waiting for it: for a handler that may not wait."""
        task = asyncio.create_task(self.halt(message, to))
        self._halting.add(task)
        task.add_done_callback(self._halting.discard)

    async def take_back(self, message: MessageState) -> None:
        """Delete what is public and can be deleted; mail cannot."""
        for channel in message.public_on():
            try:
                standing = await call(
                    RETRACT_POST, self._task(message, channel), LOOK, queue=channel_queue(channel)
                )
                outcome = message.outcomes[channel].model_copy(
                    update={
                        "state": standing.state,
                        "reason": standing.reason,
                        "next_step": standing.next_step,
                    }
                )
            except ActivityError as error:
                what, next_step = words_of(error)
                outcome = message.outcomes[channel].model_copy(
                    update={"reason": f"It is still public: {what}", "next_step": next_step}
                )
            message.outcomes[channel] = outcome
            taken_back = outcome.state is PublicationState.WITHDRAWN
            self._timeline.add(
                "taken back" if taken_back else "still public", channel, f"message {message.number}"
            )

    async def steer(self, message: MessageState, channel: str, steer: SteerBroadcast) -> None:
        """Pause, resume or stop a broadcast that is under way, and return once it was told."""
        handle = self._handles[message.number, channel]
        match steer.action:
            case BroadcastAction.PAUSE:
                reason = f"Paused by {steer.by}. {steer.reason}".strip()
                await handle.signal("pause", Pause(reason=reason))
            case BroadcastAction.RESUME:
                await handle.signal("resume")
            case BroadcastAction.STOP:
                await self._signal_halt(handle, PublicationState.WITHDRAWN)

    def refuse_steering(self, message: MessageState, channel: str) -> None:
        """Raise ``DomainError`` unless a broadcast of ``message`` is under way on ``channel``."""
        if (message.number, channel) not in self._handles or channel not in message.direct:
            raise DomainError(
                f"No broadcast of message {message.number} is under way on {channel}.",
                "See its status; a post cannot be paused, only withdrawn.",
            )

    def refuse_settling(self, message: MessageState, settle: Settle) -> None:
        """Raise ``DomainError`` unless nobody knows whether it went out.

        Of a broadcast that is still under way, single batches may be unknown.
        """
        if settle.batches and settle.channel not in message.direct:
            raise DomainError(
                f"A post on {settle.channel} has no batches.", "Settle it without naming any."
            )
        if not (settle.batches and (settle.message, settle.channel) in self._following):
            self._state.refuse_settled(settle.message, settle.channel)

    async def settle(self, message: MessageState, settle: Settle) -> None:
        """Enter what a person saw; if it did not go out and still should, publish it now."""
        channel, by, went_out = settle.channel, settle.by, settle.went_out
        standing = await call(
            SETTLE_BY_PERSON,
            SettleByPerson(
                task=self._task(message, channel),
                direct=channel in message.direct,
                went_out=went_out,
                otherwise=_HALTED.get(message.phase, PublicationState.PLANNED),
                url=settle.url,
                batches=settle.batches,
            ),
            LEDGER,
        )
        saw = "went out" if went_out else "did not go out"
        numbers = ", ".join(str(number) for number in settle.batches)
        which = f", batch {numbers}" if numbers else ""
        self._timeline.add("settled", by, f"message {message.number} on {channel}{which}: {saw}")
        if went_out:
            message.reach(channel)
        if (message.number, channel) in self._following:
            # The broadcast is under way: it finds in the ledger what was entered.
            return
        if standing.state is PublicationState.PLANNED:
            self.start(message, (channel,))
        elif went_out:
            message.outcomes[channel] = Outcome(
                channel=channel,
                state=standing.state,
                receipt=standing.receipt,
                reason=standing.reason or f"{by} saw it at the platform.",
                next_step=standing.next_step,
            )
        else:
            message.outcomes[channel] = Outcome(
                channel=channel,
                state=standing.state,
                reason=standing.reason,
                next_step=standing.next_step,
            )

    def hear(self, said: Sequence[RawValue]) -> None:
        """Take word from a broadcast that its first batch was accepted; ignore any other."""
        try:
            (news,) = (ChannelNews.model_validate_json(one.payload.data) for one in said)
        except ValueError as error:
            workflow.logger.warning("channel_news was not read: %s", type(error).__name__)
            return
        key = (news.message, news.outcome.channel)
        if key not in self._following or news.outcome.state is not PublicationState.SENDING:
            return
        message = self._state.message(news.message)
        if news.outcome.channel not in message.direct:
            return
        channel, reason = news.outcome.channel, news.outcome.reason
        was_paused = bool(message.outcomes[channel].reason)
        message.outcomes[channel] = news.outcome
        if news.told and channel not in message.reached:
            message.reach(channel)
            self._timeline.add("told", channel, f"message {message.number}: first batch")
        if reason:
            self._timeline.add("paused", channel, f"message {message.number}: {reason}")
        elif was_paused:
            self._timeline.add("resumed", channel, f"message {message.number}")

    async def _follow(self, message: MessageState, channel: str) -> None:
        key = (message.number, channel)
        try:
            outcome = await self._publish(message, channel)
        except FailureError:
            outcome = Outcome(
                channel=channel,
                state=PublicationState.UNKNOWN,
                reason="Its workflow ended before it could say what happened.",
                next_step="Look at the platform, then settle it: went out, or did not.",
            )
        message.outcomes[channel] = outcome
        if outcome.state is PublicationState.ACCEPTED:
            message.reach(channel)
        self._timeline.add(
            str(outcome.state), channel, f"message {message.number}: {outcome.reason}".rstrip(": ")
        )
        self._handles.pop(key, None)
        del self._following[key]
        if not message.unsettled() and message.phase is MessagePhase.PUBLISHING:
            message.phase = MessagePhase.SETTLED

    async def _publish(self, message: MessageState, channel: str) -> Outcome:
        plan = self._state.plan_of(message.kind)
        urgent = message.kind is not MessageKind.GOODWILL_OFFER
        order = PublishMessage(
            message=self._state.ref(message),
            channel=channel,
            digest=message.digest,
            message_class=plan.class_of(message.kind),
            looking=self._state.plan.looking,
            broadcast=self._state.plan.broadcast,
            attempts=self._state.plan.attempts,
            fresh_until=message.fresh_until,
            urgent=urgent,
        )
        await self._let_pass(message, channel)
        if message.number in self._halts:
            return Outcome(
                channel=channel,
                state=self._halts[message.number],
                reason="It was stopped in time.",
            )
        handle: workflow.ChildWorkflowHandle[Any, Outcome] = await workflow.start_child_workflow(
            BROADCAST_WORKFLOW if channel in message.direct else PUBLICATION_WORKFLOW,
            order,
            id=publication_workflow_id(self._state.incident, message.number, channel),
            result_type=Outcome,
            priority=URGENT if urgent else ORDINARY,
            static_summary=f"message {message.number} ({message.kind}) on {channel}",
        )
        self._handles[message.number, channel] = handle
        if message.number in self._halts:
            # The halt came while the child was being started.
            await self._signal_halt(handle, self._halts[message.number])
        return await handle

    async def _let_pass(self, message: MessageState, channel: str) -> None:
        """Wait for what this message overtook, if it is on the wire here.

        Its request may be slow at the provider, and would come out below us as the newest word.
        Not for ever: a channel that does not answer must not keep us from trying. Not for mail,
        which has no order, and not for what was withdrawn, which is taken back.
        """

        def on_the_wire() -> bool:
            return message.number not in self._halts and any(
                number < message.number
                and name == channel
                and self._halts.get(number) is PublicationState.SUPERSEDED
                for number, name in self._following
            )

        if channel in message.direct or not on_the_wire():
            return
        try:
            await workflow.wait_condition(lambda: not on_the_wire(), timeout=OVERTAKEN_WAIT)
        except TimeoutError:
            workflow.logger.info("%s: what was overtaken has not settled", channel)

    @staticmethod
    async def _signal_halt(
        handle: workflow.ChildWorkflowHandle[Any, Outcome], to: PublicationState
    ) -> None:
        try:
            await handle.signal("halt", Halt(to=to))
        except FailureError as error:
            # The child has ended meanwhile.
            workflow.logger.info("halt found nothing to stop: %s", type(error).__name__)

    def _task(self, message: MessageState, channel: str) -> PublicationTask:
        return PublicationTask(
            message=self._state.ref(message), channel=channel, digest=message.digest
        )
