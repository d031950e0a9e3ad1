"""Following an approved message to its end at each destination, independently."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.broadcasting import BroadcastAction
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from domain.ledger import KnownLedger
    from domain.message import MessageKind
    from domain.message_state import MessagePhase, MessageState
    from domain.publication import Destination, Outcome, PublicationState
    from workflows.channel_run import ChannelRun
    from workflows.contract import ChannelNews, PublishMessage, RetryChannel, SteerBroadcast
    from workflows.policies import OVERTAKEN_WAIT
    from workflows.timeline import Timeline


class Publishing:
    """Starts a run for each destination and keeps the message's outcomes."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline
        self._runs: dict[tuple[int, str], ChannelRun] = {}
        self._following: set[asyncio.Task[None]] = set()

    def quiet(self) -> bool:
        """Whether no publication is under way."""
        return not self._runs

    def run_of(self, message: MessageState, destination: Destination) -> ChannelRun | None:
        """What is under way there, if anything is."""
        return self._runs.get((message.number, destination.key))

    # --- starting and stopping ----------------------------------------------------------------

    def start(self, message: MessageState, destinations: Iterable[Destination]) -> None:
        """Publish an approved message at ``destinations``, concurrently."""
        self.refuse_start(message)
        message.phase = MessagePhase.PUBLISHING
        for destination in destinations:
            self._run(message, self._order(message, destination))

    def call_off(
        self, message: MessageState, destinations: Iterable[Destination], end_as: PublicationState
    ) -> None:
        """Send nothing, and look for what may have gone out; what is absent ends as ``end_as``."""
        for destination in destinations:
            order = self._order(message, destination)
            self._run(message, order.model_copy(update={"called_off": end_as}))

    def _run(self, message: MessageState, order: PublishMessage) -> None:
        place = order.destination
        before = message.outcome_at(place)
        state = PublicationState.SENDING if before.uncertain else PublicationState.PLANNED
        begun = Outcome.at(place, state, uncertain=before.uncertain)
        message.enter(begun.model_copy(update={"begun": before.begun}))
        run = ChannelRun(order, f"message {message.number} ({message.kind})", self._let_pass)
        self._runs[message.number, place.key] = run
        following = asyncio.create_task(self._follow(message, run))
        self._following.add(following)
        following.add_done_callback(self._following.discard)

    def refuse_start(self, message: MessageState) -> None:
        """Raise ``DomainError`` unless ``message`` is approved and still meant to go out."""
        message.refuse_unopened()
        if message.phase in (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED):
            raise DomainError(
                f"Message {message.number} is {message.phase} and is not published any more.",
                "Propose a new message.",
            )

    def halt(self, message: MessageState, to: PublicationState) -> None:
        """Stop what has not gone out yet, at every destination."""
        for run in self._runs_of(message):
            run.halt(to)

    async def settled(self, message: MessageState) -> None:
        """Wait until nothing of the message is under way."""
        await workflow.wait_condition(lambda: not self._runs_of(message))

    # --- what people ask for ------------------------------------------------------------------

    def refuse_retry(self, retry: RetryChannel) -> None:
        """Raise ``DomainError`` unless it failed there and is still meant to go out.

        A post of which nobody knows whether it went out is looked for before anything is sent.
        """
        self._state.refuse_request(retry.actor)
        self._timeline.refuse_behind()
        message = self._state.message(retry.message)
        destination = message.destination(retry.channel, retry.audience)
        self.refuse_start(message)
        failed = [one for one in PublicationState if one.retriable]
        if destination.audience is None:
            failed.append(PublicationState.UNKNOWN)
        message.refuse_unless(destination, *failed)

    def retry(self, retry: RetryChannel) -> MessageState:
        """Publish an approved message once more where it was refused, or not sent to everybody."""
        message = self._state.message(retry.message)
        destination = message.destination(retry.channel, retry.audience)
        self.start(message, (destination,))
        self._timeline.add("retried", retry.actor, f"message {retry.message} on {destination}")
        return message

    def refuse_steering(self, steer: SteerBroadcast) -> None:
        """Raise ``DomainError`` unless such a broadcast is under way."""
        self._state.refuse_request(steer.actor)
        self._steered(steer)

    async def steer(self, steer: SteerBroadcast) -> MessageState:
        """Pause, resume or stop a broadcast that is under way; returns once it has the order."""
        run = self._steered(steer)
        about = f"message {steer.message} on {run.destination}"
        self._timeline.add(f"asked to {steer.action}", steer.actor, about)
        match steer.action:
            case BroadcastAction.PAUSE:
                await run.pause(f"Paused by {steer.actor.person}. {steer.reason}".strip())
            case BroadcastAction.RESUME:
                await run.resume()
            case BroadcastAction.STOP:
                run.halt(PublicationState.WITHDRAWN)
        return self._state.message(steer.message)

    def _steered(self, steer: SteerBroadcast) -> ChannelRun:
        message = self._state.message(steer.message)
        destination = message.destination(steer.channel, steer.audience)
        run = self.run_of(message, destination)
        if run is None or not run.under_way or destination.audience is None:
            raise DomainError(
                f"No broadcast of message {message.number} is under way on {destination}.",
                "See its status. A post cannot be paused, only withdrawn.",
            )
        return run

    # --- following ----------------------------------------------------------------------------

    def hear(self, said: Sequence[RawValue]) -> None:
        """Read a broadcast's report of its state; ignore anything else."""
        try:
            (news,) = (ChannelNews.model_validate_json(one.payload.data) for one in said)
        except ValueError as error:
            workflow.logger.warning("channel_news was not read: %s", type(error).__name__)
            return
        place = news.outcome.destination
        underway = (news.message, place.key) in self._runs
        if not underway or news.outcome.state.settled:
            return
        message = self._state.message(news.message)
        before = message.outcome_at(place)
        begun = news.outcome.begun or before.begun
        message.enter(news.outcome.model_copy(update={"begun": begun}))
        if place.audience is None:
            self._note_post(message, before, news.outcome)
        else:
            self._note_broadcast(message, before, news)

    def _note_broadcast(self, message: MessageState, before: Outcome, news: ChannelNews) -> None:
        place, why = news.outcome.destination, news.outcome.explanation
        about = f"message {message.number}{place.to_whom}"
        if news.told and place.key not in message.reached:
            message.reach(place)
            self._timeline.add("told", place.channel, f"{about}: first batch")
        waited = before.explanation is not None
        if why is not None and not (news.waits and waited):
            word = "waits" if news.waits else "paused"
            self._timeline.add(word, place.channel, f"{about}: {why.what}")
        elif why is None and waited:
            self._timeline.add("resumed", place.channel, about)

    def _note_post(self, message: MessageState, before: Outcome, after: Outcome) -> None:
        """Enter that an answer was lost, or that the provider makes it wait; each wait once."""
        why = after.explanation
        if why is None:
            return
        lost = after.state is PublicationState.SENDING
        told_before = before.explanation is not None and before.explanation.what == why.what
        if lost or not told_before:
            what = "no clear answer" if lost else "waits"
            about = f"message {message.number}: {why.what} {why.means}"
            self._timeline.add(what, after.channel, about)

    async def _follow(self, message: MessageState, run: ChannelRun) -> None:
        outcome = await run.outcome()
        before = message.outcome_at(run.destination)
        if outcome.begun is None:
            outcome = outcome.model_copy(update={"begun": before.begun})
        message.enter(outcome)
        self._timeline.note_behind(outcome.explanation)
        why = outcome.explanation.what if outcome.explanation else ""
        place = run.destination
        about = f"message {message.number}{place.to_whom}: {why}".rstrip(": ")
        self._timeline.add(str(outcome.state), place.channel, about)
        del self._runs[message.number, place.key]
        if not message.unsettled() and message.phase is MessagePhase.PUBLISHING:
            message.phase = MessagePhase.SETTLED

    async def _let_pass(self, run: ChannelRun) -> None:
        """Wait for a message that this one overtook, if it is on the wire here.

        Its request may be slow at the provider, and would then appear after ours as the latest
        news. Not for ever: a channel that does not answer must not keep us from trying. Not for
        mail, which has no order, and not for what was withdrawn, which is taken back.
        """

        def on_the_wire() -> bool:
            return run.halted is None and any(
                other.number < run.number
                and other.destination == run.destination
                and other.halted is PublicationState.SUPERSEDED
                for other in self._runs.values()
            )

        if run.destination.audience is not None or run.called_off or not on_the_wire():
            return
        try:
            await workflow.wait_condition(lambda: not on_the_wire(), timeout=OVERTAKEN_WAIT)
        except TimeoutError:
            workflow.logger.info("%s: what was overtaken has not settled", run.destination)

    def _order(self, message: MessageState, destination: Destination) -> PublishMessage:
        plan = self._state.plan_of(message.kind)
        direct = destination.audience is not None
        # A post must not promise what has passed. A broadcast only has to begin in time: most of an
        # audience told, and the rest not, would be worse.
        limits = [message.fresh_until, None if direct else message.next_update_by]
        return PublishMessage(
            message=self._state.ref(message),
            destination=destination,
            digest=message.digest,
            message_class=plan.class_of(message.kind),
            looking=self._state.plan.looking,
            broadcast=self._state.plan.broadcast,
            attempts=self._state.plan.attempts,
            fresh_until=min((one for one in limits if one), default=None),
            begin_by=message.next_update_by if direct else None,
            urgent=message.kind is not MessageKind.GOODWILL_OFFER,
            known=self._known(message, destination),
        )

    def _known(self, message: MessageState, destination: Destination) -> KnownLedger:
        """What the ledger has of the incident, and of what went there before."""
        begun = message.outcome_at(destination).begun
        return self._timeline.known().model_copy(update={"newest": begun})

    def _runs_of(self, message: MessageState) -> list[ChannelRun]:
        return [run for run in self._runs.values() if run.number == message.number]
