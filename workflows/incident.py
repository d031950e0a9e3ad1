"""The response's lifecycle, and the only place where policy is decided.

Every surface (signal, update, terminal, page) ends in the same few functions here; the rules
themselves are in ``domain``, and following an approved message to its end is ``Publishing``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.signatures import (
        CLOSE_INCIDENT,
        REGISTER_INCIDENT,
        RENDER_MESSAGE,
        CloseIncident,
        RegisterIncident,
        Rendered,
        RenderMessage,
        TimelineEntry,
    )
    from domain.errors import DecisionRefused, DomainError
    from domain.gate import Gate, GateState, Verdict, judge
    from domain.incident import IncidentState, MessagePhase, MessageState
    from domain.message import MessageKind
    from domain.publication import PublicationState
    from domain.roster import roles_of
    from domain.stage import Stage
    from workflows.calls import call, words_of
    from workflows.contract import (
        INCIDENT_WORKFLOW,
        Advance,
        ChannelNews,
        Close,
        Decide,
        Decided,
        IncidentStatus,
        Join,
        MessageStatus,
        OpenIncident,
        Propose,
        RecordFacts,
        RetryChannel,
        Revise,
        Settle,
        Withdraw,
    )
    from workflows.policies import LEDGER
    from workflows.publishing import Publishing
    from workflows.status import incident_status, message_status
    from workflows.timeline import Timeline


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a rule's no into the failure a caller sees: type, sentence, next step."""
    try:
        yield
    except DomainError as error:
        raise ApplicationError(
            error.what, error.next_step, type=type(error).__name__, non_retryable=True
        ) from error
    except ActivityError as error:
        what, next_step = words_of(error)
        raise ApplicationError(what, next_step, type="DomainError", non_retryable=True) from error


@workflow.defn(name=INCIDENT_WORKFLOW)
class IncidentWorkflow:
    """One incident, from its opening to its closing."""

    @workflow.init
    def __init__(self, opening: OpenIncident) -> None:
        self._lock = asyncio.Lock()
        self._timeline = Timeline(opening.incident, opening.timeline, opening.recorded)
        self._state = opening.carried or IncidentState(
            incident=opening.incident,
            title=opening.title,
            plan=opening.plan,
            templates=opening.templates,
            audience=opening.audience,
            opened_by=opening.opened_by,
            opened_at=workflow.now(),
        )
        self._roles = roles_of(self._state.plan.roster)
        self._publishing = Publishing(self._state, self._timeline)
        if opening.carried is None:
            self._timeline.add("opened", opening.opened_by, opening.title)

    @workflow.run
    async def run(self, opening: OpenIncident) -> IncidentStatus:
        """Live until the incident is closed; return how it ended."""
        if opening.carried is None:
            await call(REGISTER_INCIDENT, self._registration(), LEDGER)
        keeping = asyncio.create_task(self._timeline.keep())
        await workflow.wait_condition(lambda: self._closed() or self._should_continue())
        await workflow.wait_condition(
            lambda: workflow.all_handlers_finished() and self._publishing.quiet()
        )
        keeping.cancel()
        await self._timeline.flush()
        if not self._closed():
            workflow.continue_as_new(
                opening.model_copy(
                    update={
                        "carried": self._state,
                        "timeline": self._timeline.entries(),
                        "recorded": self._timeline.recorded(),
                    }
                )
            )
        await call(
            CLOSE_INCIDENT,
            CloseIncident(incident=self._state.incident, at=workflow.now()),
            LEDGER,
        )
        return self.status()

    # --- asking -------------------------------------------------------------------------------

    @workflow.query(name="status")
    def status(self) -> IncidentStatus:
        """Where the response stands."""
        return incident_status(self._state)

    @workflow.query(name="timeline")
    def timeline(self) -> list[TimelineEntry]:
        """What happened so far, oldest first."""
        return list(self._timeline.entries())

    # --- signing ------------------------------------------------------------------------------

    @workflow.signal(name="approve")
    async def approve(self, said: RawValue | None = None) -> None:
        """The approvers' contract: ``{"by": …, "digest": …, "message": …}``."""
        self._decide_by_signal(said, Verdict.APPROVE)

    @workflow.signal(name="reject")
    async def reject(self, said: RawValue | None = None) -> None:
        """Like ``approve``, with a ``reason``."""
        self._decide_by_signal(said, Verdict.REJECT)

    @workflow.update(name="decide")
    async def decide(self, decide: Decide) -> Decided:
        """Approve or reject, and learn at once whether it counted and what is missing."""
        with refusing():
            return self._decide(decide)

    @decide.validator
    def _check_decide(self, decide: Decide) -> None:
        with refusing():
            self._judge(decide)

    # --- steering -----------------------------------------------------------------------------

    @workflow.update(name="join")
    async def join(self, join: Join) -> IncidentStatus:
        """Open the incident, or join the one that is open already."""
        if join.by != self._state.opened_by:
            self._timeline.add("joined", join.by)
        return self.status()

    @workflow.update(name="propose")
    async def propose(self, propose: Propose) -> MessageStatus:
        """Render a message for every channel and put it before its gate."""
        async with self._lock:
            with refusing():
                self._refuse_proposal(propose)
                state = self._state
                stage = state.stage_for(propose.kind)
                kin = [one for one in state.messages if one.kind is propose.kind]
                number, ordinal = len(state.messages) + 1, len(kin) + 1
                message = await self._render(propose, propose.kind, number, 1, ordinal)
                self._enter(stage, propose.by)
                state.messages.append(message)
                self._timeline.add(
                    "proposed", propose.by, f"message {number}: {propose.kind} {message.digest[:8]}"
                )
                return message_status(state, message)

    @propose.validator
    def _check_propose(self, propose: Propose) -> None:
        with refusing():
            self._refuse_proposal(propose)

    @workflow.update(name="revise")
    async def revise(self, revise: Revise) -> MessageStatus:
        """Render a new revision; whatever was decided about the one before is void."""
        async with self._lock:
            with refusing():
                self._refuse_stranger(revise.by)
                old = self._state.message(revise.message)
                self._state.refuse_revision(old)
                new = await self._render(
                    revise, old.kind, old.number, old.revision + 1, old.ordinal
                )
                # While the copy was being rendered, an approval may have opened the old gate.
                self._state.refuse_revision(old)
                self._state.messages[self._state.messages.index(old)] = new
                self._timeline.add(
                    "revised",
                    revise.by,
                    f"message {new.number} is now {new.digest[:8]}, was {old.digest[:8]}; "
                    f"{len(old.gate.decisions)} decisions void",
                )
                return message_status(self._state, new)

    @revise.validator
    def _check_revise(self, revise: Revise) -> None:
        with refusing():
            self._refuse_stranger(revise.by)
            self._state.refuse_revision(self._state.message(revise.message))

    @workflow.update(name="facts")
    async def facts(self, facts: RecordFacts) -> IncidentStatus:
        """Take note of what is known now; the words themselves stay in the ledger."""
        self._state.facts, self._state.facts_filled = facts.facts, facts.filled
        self._timeline.add("facts recorded", facts.by, ", ".join(facts.filled))
        return self.status()

    @facts.validator
    def _check_facts(self, facts: RecordFacts) -> None:
        with refusing():
            self._state.refuse_if_closed()
            self._refuse_stranger(facts.by)

    @workflow.update(name="advance")
    async def advance(self, advance: Advance) -> IncidentStatus:
        """Move to another stage, if the table and what has been told so far allow it."""
        self._enter(advance.to, advance.by)
        return self.status()

    @advance.validator
    def _check_advance(self, advance: Advance) -> None:
        with refusing():
            self._refuse_stranger(advance.by)
            if advance.to is Stage.CLOSED:
                raise DomainError("An incident is closed, not advanced.", "Use close.")
            self._state.refuse_stage(advance.to)

    @workflow.update(name="withdraw")
    async def withdraw(self, withdraw: Withdraw) -> MessageStatus:
        """Stop what has not gone out and take back what can be; answers when all has settled."""
        async with self._lock:
            with refusing():
                message = self._state.message(withdraw.message)
                self._timeline.add(
                    "withdrawn", withdraw.by, f"message {message.number}: {withdraw.reason}"
                )
                was_publishing = message.phase is MessagePhase.PUBLISHING
                message.phase = MessagePhase.WITHDRAWN
                if was_publishing:
                    await self._publishing.halt(message, PublicationState.WITHDRAWN)
                await self._publishing.take_back(message)
                return message_status(self._state, message)

    @withdraw.validator
    def _check_withdraw(self, withdraw: Withdraw) -> None:
        with refusing():
            self._state.refuse_if_closed()
            self._refuse_stranger(withdraw.by)
            self._state.message(withdraw.message)

    @workflow.update(name="retry_channel")
    async def retry_channel(self, retry: RetryChannel) -> MessageStatus:
        """Publish an approved message once more where it was refused."""
        message = self._state.message(retry.message)
        with refusing():
            self._publishing.start(message, (retry.channel,))
        self._timeline.add("retried", retry.by, f"message {retry.message} on {retry.channel}")
        return message_status(self._state, message)

    @retry_channel.validator
    def _check_retry(self, retry: RetryChannel) -> None:
        with refusing():
            self._refuse_stranger(retry.by)
            states = (PublicationState.REFUSED, PublicationState.ABANDONED)
            self._refuse_unless(retry.message, retry.channel, states)

    @workflow.update(name="settle")
    async def settle(self, settle: Settle) -> MessageStatus:
        """Take a person's word for what happened to a publication of unknown outcome."""
        async with self._lock:
            with refusing():
                self._refuse_unless(settle.message, settle.channel, (PublicationState.UNKNOWN,))
                message = self._state.message(settle.message)
                await self._publishing.settle(
                    message,
                    settle.channel,
                    went_out=settle.went_out,
                    url=settle.url,
                    by=settle.by,
                )
                return message_status(self._state, message)

    @settle.validator
    def _check_settle(self, settle: Settle) -> None:
        with refusing():
            self._refuse_stranger(settle.by)
            self._refuse_unless(settle.message, settle.channel, (PublicationState.UNKNOWN,))

    @workflow.update(name="close")
    async def close(self, close: Close) -> IncidentStatus:
        """Close the incident, unless something is open that was not waived in writing."""
        async with self._lock:
            with refusing():
                self._state.refuse_close(close.waive)
            self._state.waiver = close.waive
            self._state.closed_at = workflow.now()
            self._state.stage = Stage.CLOSED
            waived = f"waived: {close.waive}" if close.waive else ""
            self._timeline.add("closed", close.by, waived)
            return self.status()

    @close.validator
    def _check_close(self, close: Close) -> None:
        with refusing():
            self._refuse_stranger(close.by)
            self._state.refuse_close(close.waive)

    @workflow.signal(name="channel_news")
    def channel_news(self, news: ChannelNews) -> None:
        """A broadcast says that its first batch was accepted."""
        self._publishing.hear(self._state.message(news.message), news.outcome)

    # --- the few functions behind all of these ------------------------------------------------

    def _decide_by_signal(self, said: RawValue | None, verdict: Verdict) -> None:
        """A signal has nobody to answer to, so a refusal goes to the timeline."""
        try:
            decide = self._read_decision(said, verdict)
        except DecisionRefused as refusal:
            self._timeline.add("decision refused", "somebody", str(refusal))
            return
        try:
            self._decide(decide)
        except DomainError as refusal:
            self._timeline.add("decision refused", decide.by[:40], str(refusal))

    @staticmethod
    def _read_decision(said: RawValue | None, verdict: Verdict) -> Decide:
        # Parsed here and not by the converter: what it cannot read it drops without a word, and
        # somebody at a gate at 2 a.m. would wait for a publication that never comes.
        try:
            payload = json.loads(said.payload.data) if said is not None else {}
            return Decide.model_validate({"surface": "signal", **payload, "verdict": verdict})
        except (ValueError, TypeError, ValidationError) as error:
            raise DecisionRefused(
                f"The {verdict} signal could not be read.",
                'Send {"by": "<person>", "digest": "<8 or more digits>", "message": <number>}.',
            ) from error

    def _judge(self, decide: Decide) -> tuple[MessageState, Gate]:
        state = self._state
        state.refuse_if_closed()
        message = (
            state.message_with(decide.digest)
            if decide.message is None
            else state.message(decide.message)
        )
        if message.phase in (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED):
            raise DecisionRefused(
                f"Message {message.number} is {message.phase}.", "Nothing needs deciding here."
            )
        decision = judge(
            message.gate,
            by=decide.by,
            verdict=decide.verdict,
            digest=decide.digest,
            roles=self._roles,
            at=workflow.now(),
            surface=decide.surface,
            reason=decide.reason,
        )
        return message, message.gate.with_decision(decision)

    def _decide(self, decide: Decide) -> Decided:
        message, gate = self._judge(decide)
        message.gate = gate
        decision = gate.decisions[-1]
        word = "approved" if decision.verdict is Verdict.APPROVE else "rejected"
        about = f"message {message.number} {gate.digest[:8]} as {', '.join(decision.roles)}"
        self._timeline.add(word, decide.by, f"{about} by {decide.surface}")
        if gate.state is GateState.REJECTED:
            message.phase = MessagePhase.REJECTED
        elif gate.state is GateState.OPEN:
            self._publish(message)
        return Decided(message=message.number, gate=gate.state, missing=gate.missing())

    def _publish(self, message: MessageState) -> None:
        for older in self._state.overtaken_by(message):
            self._timeline.add("superseded", "frontfoot", f"message {older.number}")
            under_way = older.phase is MessagePhase.PUBLISHING
            older.phase = MessagePhase.SUPERSEDED
            if under_way:
                self._publishing.halt_soon(older, PublicationState.SUPERSEDED)
        message.approved_at = workflow.now()
        message.fresh_until = workflow.now() + self._state.plan_of(message.kind).fresh_for
        self._publishing.start(message, message.channels)

    def _refuse_proposal(self, propose: Propose) -> None:
        self._refuse_stranger(propose.by)
        self._state.plan_of(propose.kind)
        self._state.stage_for(propose.kind)
        self._state.refuse_unfilled(propose.kind)

    def _refuse_stranger(self, by: str) -> None:
        if by not in self._roles:
            raise DomainError(
                f"{by[:40]!r} is not in this incident's roster.",
                f"It has {', '.join(sorted(self._roles))}.",
            )

    def _refuse_unless(
        self, number: int, channel: str, states: tuple[PublicationState, ...]
    ) -> None:
        self._state.refuse_if_closed()
        outcome = self._state.message(number).outcomes.get(channel)
        if outcome is None or outcome.state not in states:
            now = outcome.state if outcome else "not under way"
            raise DomainError(
                f"Message {number} on {channel} is {now}.",
                f"This is for a publication that is {' or '.join(states)}.",
            )

    async def _render(
        self, asked: Propose | Revise, kind: MessageKind, number: int, revision: int, ordinal: int
    ) -> MessageState:
        state = self._state
        argument = RenderMessage(
            message=state.ref_to(number, revision),
            kind=kind,
            ordinal=ordinal,
            author=asked.by,
            title=state.title,
            templates=state.templates,
            plan=state.plan,
            audience=state.audience,
            facts=state.facts,
            copy_draft=asked.copy_draft,
            next_update_by=asked.next_update_by,
            at=workflow.now(),
        )
        rendered: Rendered = await call(
            RENDER_MESSAGE, argument, LEDGER, summary=f"{kind} {ordinal}, revision {revision}"
        )
        return MessageState(
            number=number,
            kind=kind,
            ordinal=ordinal,
            revision=revision,
            author=asked.by,
            proposed_at=argument.at,
            gate=Gate(policy=state.plan_of(kind).gate, digest=rendered.digest, author=asked.by),
            channels=tuple(one.channel for one in rendered.channels),
            direct=tuple(one.channel for one in rendered.channels if one.direct),
            retractable=tuple(one.channel for one in rendered.channels if one.retracts),
            audience_count=rendered.audience_count,
            codes_worth=rendered.codes_worth,
        )

    def _enter(self, stage: Stage, by: str) -> None:
        if stage is not self._state.stage:
            self._timeline.add("stage entered", by, f"{stage}, from {self._state.stage}")
            self._state.stage = stage
            workflow.set_current_details(f"Stage: {stage}")

    def _registration(self) -> RegisterIncident:
        state = self._state
        return RegisterIncident(
            incident=state.incident,
            title=state.title,
            playbook=state.plan.name,
            audience=state.audience,
            opened_at=state.opened_at,
        )

    def _closed(self) -> bool:
        return self._state.stage is Stage.CLOSED

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and self._publishing.quiet()
