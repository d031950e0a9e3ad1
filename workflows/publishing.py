"""Following an approved message to its end at each destination, independently."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.broadcasting import BroadcastAction
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from domain.ledger import KnownLedger
    from domain.limits import REASON_LIMIT
    from domain.message import MessageKind
    from domain.message_state import MessagePhase, MessageState, UnderWay
    from domain.public_text import refuse_unfit
    from domain.publication import Destination, Outcome, PublicationState
    from workflows.channel_run import ChannelRun
    from workflows.contract.publications import ChannelNews, PublishMessage
    from workflows.contract.steering import RetryChannel, SteerBroadcast
    from workflows.hearing import read
    from workflows.noise import NoiseLimit
    from workflows.policies import OVERTAKEN_WAIT
    from workflows.timeline import Timeline


class Publishing:
    """Starts a run for each destination and keeps the message's outcomes."""

    def __init__(self, state: IncidentState, timeline: Timeline, noise: NoiseLimit) -> None:
        self._state = state
        self._timeline = timeline
        self._noise = noise
        self._runs: dict[tuple[int, str], ChannelRun] = {}
        self._following: dict[ChannelRun, asyncio.Task[None]] = {}
        # News may arrive with the start of a continued run, before it follows anything.
        for message in state.messages:
            for begun in message.under_way.values():
                self._add_run(message, begun)

    def resume(self, *, recovered: bool) -> None:
        """Follow what was under way when an earlier run ended, or was lost (``recovered``)."""
        for run in tuple(self._runs.values()):
            self._follow(self._state.message(run.number), run, recovered=recovered)

    def at_rest(self) -> bool:
        """Whether the incident may continue as new now, whatever is under way."""
        return all(run.at_rest for run in self._runs.values())

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
            self._begin(message, destination)

    def call_off(
        self, message: MessageState, destinations: Iterable[Destination], end_as: PublicationState
    ) -> None:
        """Send nothing, and look for what may have gone out; what is absent ends as ``end_as``."""
        for destination in destinations:
            self._begin(message, destination, called_off=end_as)

    def _begin(
        self,
        message: MessageState,
        destination: Destination,
        called_off: PublicationState | None = None,
    ) -> None:
        begun = message.begin(destination, workflow.now(), called_off)
        self._follow(message, self._add_run(message, begun))

    def _add_run(self, message: MessageState, begun: UnderWay) -> ChannelRun:
        title = f"message {message.number} ({message.kind})"
        run = ChannelRun(self._order(message, begun), begun, title, self._let_pass)
        self._runs[message.number, begun.destination.key] = run
        return run

    def refuse_start(self, message: MessageState) -> None:
        """Raise ``DomainError`` unless ``message`` is approved and still meant to go out."""
        message.refuse_unopened()
        if message.phase.called_off:
            raise DomainError(
                f"Message {message.number} is {message.phase} and is not published any more.",
                "Propose a new message.",
            )

    def halt(self, message: MessageState, to: PublicationState) -> None:
        """Stop what has not gone out yet, at every destination."""
        for run in self._runs_of(message):
            run.halt(to)

    def go_on(self) -> None:
        """Have everything under way ask the ledger whether it may go on."""
        for run in self._runs.values():
            run.go_on()

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
        refuse_unfit(steer.reason, "The reason", REASON_LIMIT)
        self._steered(steer)

    def steer(self, steer: SteerBroadcast) -> MessageState:
        """Pause, resume or stop a broadcast that is under way."""
        run = self._steered(steer)
        about = f"message {steer.message} on {run.destination}"
        self._timeline.add(f"asked to {steer.action}", steer.actor, about)
        match steer.action:
            case BroadcastAction.PAUSE:
                run.pause(f"Paused by {steer.actor.person}. {steer.reason}".strip())
            case BroadcastAction.RESUME:
                run.resume()
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
        """Read the news of a publication or a broadcast; ignore anything else."""
        news = read(said, ChannelNews)
        if news is None:
            return
        run = self._runs.get((news.message, news.outcome.destination.key))
        if run is None:
            return
        message, place = self._state.message(news.message), run.destination
        before = message.outcome_at(place)
        if not run.hear(news, reached=place.key in message.reached):
            return
        if news.outcome.state.settled:
            return
        why = news.outcome.explanation
        after = Outcome.at(
            place,
            news.outcome.state,
            why.cleaned() if why else None,
            uncertain=before.uncertain or news.outcome.uncertain,
        ).model_copy(update={"begun": before.begun})
        message.enter(after)
        if place.audience is None:
            self._note_post(message, before, after)
        else:
            self._note_broadcast(message, before, after, waits=news.waits)

    def _note_broadcast(
        self, message: MessageState, before: Outcome, after: Outcome, *, waits: bool
    ) -> None:
        why, waited = after.explanation, before.explanation is not None
        about = f"message {message.number}{after.destination.to_whom}"
        if why is not None and not (waits and waited):
            word = "waits" if waits else "paused"
            self._noise.add(word, after.channel, f"{about}: {why.what}")
        elif why is None and waited:
            self._noise.add("resumed", after.channel, about)

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
            self._noise.add(what, after.channel, about)

    def _note_reached(self, message: MessageState, place: Destination) -> bool:
        """Enter, once, that a broadcast has reached people; True if that was news."""
        if place.key in message.reached:
            return False
        message.reach(place)
        if place.audience is not None:
            about = f"message {message.number}{place.to_whom}: first batch"
            self._timeline.add("told", place.channel, about)
        return True

    def _follow(self, message: MessageState, run: ChannelRun, *, recovered: bool = False) -> None:
        if run not in self._following:
            following = asyncio.create_task(self._to_its_end(message, run, recovered=recovered))
            self._following[run] = following
            following.add_done_callback(lambda _: self._following.pop(run, None))

    async def _to_its_end(self, message: MessageState, run: ChannelRun, *, recovered: bool) -> None:
        place = run.destination
        outcome = await run.outcome(lambda: self._note_reached(message, place), recovered=recovered)
        if outcome.begun is None:
            outcome = outcome.model_copy(update={"begun": message.outcome_at(place).begun})
        message.end(outcome)
        self._timeline.note_behind(outcome.explanation)
        del self._runs[message.number, place.key]
        why = outcome.explanation.what if outcome.explanation else ""
        about = f"message {message.number}{place.to_whom}: {why}".rstrip(": ")
        self._timeline.add(str(outcome.state), place.channel, about)

    async def _let_pass(self, run: ChannelRun) -> None:
        """Wait for a message that this one overtook, if it is on the wire here.

        Its request may be slow at the provider, and would then appear after ours as the latest
        news. Not for ever: a channel that does not answer must not keep us from trying. Not for
        mail, which has no order, and not for what was withdrawn, which is taken back.
        """

        def on_the_wire() -> bool:
            return run.state.halted is None and any(
                other.number < run.number
                and other.destination == run.destination
                and other.state.halted is PublicationState.SUPERSEDED
                for other in self._runs.values()
            )

        if run.destination.audience is not None or run.state.called_off or not on_the_wire():
            return
        left = run.state.since + OVERTAKEN_WAIT - workflow.now()
        try:
            await workflow.wait_condition(lambda: not on_the_wire(), timeout=max(left, timedelta()))
        except TimeoutError:
            workflow.logger.info("%s: what was overtaken has not settled", run.destination)

    def _order(self, message: MessageState, begun: UnderWay) -> PublishMessage:
        plan, destination = self._state.plan_of(message.kind), begun.destination
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
            called_off=begun.called_off,
            start=begun.start,
            known=self._known(message, destination),
        )

    def _known(self, message: MessageState, destination: Destination) -> KnownLedger:
        """What the ledger has of the incident, and of what went there before."""
        begun = message.outcome_at(destination).begun
        return self._timeline.known().model_copy(update={"newest": begun})

    def _runs_of(self, message: MessageState) -> list[ChannelRun]:
        return [run for run in self._runs.values() if run.number == message.number]
