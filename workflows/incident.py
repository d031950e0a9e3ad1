"""The response's lifecycle, and the only place where policy is decided.

Every surface (signal, update, terminal, page) ends in the same few functions here; the rules
themselves are in ``domain``, and following an approved message to its end is ``Publishing``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import (
        CLOSE_INCIDENT,
        REGISTER_INCIDENT,
        CloseIncident,
        RegisterIncident,
    )
    from domain.gate import Verdict
    from domain.incident import IncidentState, MessagePhase
    from domain.publication import PublicationState
    from domain.roster import roles_of
    from domain.stage import Stage
    from domain.status import Decided, IncidentStatus, MessageStatus
    from domain.timeline import TimelineEntry
    from workflows.calls import call
    from workflows.contract import (
        INCIDENT_WORKFLOW,
        Advance,
        Close,
        Decide,
        Join,
        OpenIncident,
        Propose,
        RecordFacts,
        RetryChannel,
        Revise,
        Settle,
        SteerBroadcast,
        Withdraw,
    )
    from workflows.policies import LEDGER
    from workflows.proposing import render
    from workflows.publishing import Publishing
    from workflows.refusing import refusing
    from workflows.signing import Signing
    from workflows.status import incident_status, message_status
    from workflows.timeline import Timeline


@workflow.defn(name=INCIDENT_WORKFLOW)
class IncidentWorkflow:
    """One incident, from its opening to its closing."""

    @workflow.init
    def __init__(self, opening: OpenIncident) -> None:
        # Whoever takes both takes the message's first: a withdrawal may wait for its message
        # for many minutes, and must hold up nothing else meanwhile.
        self._lock = asyncio.Lock()
        self._lock_of: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
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
        self._signing = Signing(self._state, self._roles, self._timeline, self._publishing)
        if opening.carried is None:
            self._timeline.add("opened", opening.opened_by, opening.title)

    @workflow.run
    async def run(self, opening: OpenIncident) -> IncidentStatus:
        """Live until the incident is closed; return how it ended."""
        if opening.carried is None:
            await call(REGISTER_INCIDENT, self._registration(), LEDGER)
        keeping = asyncio.create_task(self._timeline.keep())
        await workflow.wait_condition(
            lambda: (self._closed() or self._should_continue()) and self._nothing_under_way()
        )
        if not self._closed():
            # Nothing may be awaited between that condition and here: an approval that came
            # meanwhile would start a publication that nobody follows.
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
        # Somebody may have joined, or tried to sign, while the ledger was told.
        await workflow.wait_condition(self._nothing_under_way)
        keeping.cancel()
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

    @workflow.signal(dynamic=True)
    def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Every signal: ``approve`` and ``reject`` of approvers, ``channel_news`` of broadcasts.

        The approvers' contract is one value, ``{"by": …, "digest": …, "message": …}``, to reject
        also ``reason``. A handler for each name would stall the whole incident if somebody sent
        it no value or two.
        """
        match name:
            case "approve":
                self._signing.decide_by_signal(said, Verdict.APPROVE)
            case "reject":
                self._signing.decide_by_signal(said, Verdict.REJECT)
            case "channel_news":
                self._publishing.hear(said)
            case _:
                self._timeline.add("signal not understood", "somebody", name)

    @workflow.update(name="decide")
    async def decide(self, decide: Decide) -> Decided:
        """Approve or reject, and learn at once whether it counted and what is missing."""
        with refusing():
            return self._signing.decide(decide)

    @decide.validator
    def _check_decide(self, decide: Decide) -> None:
        with refusing():
            self._signing.judge(decide)

    # --- steering -----------------------------------------------------------------------------

    @workflow.update(name="join")
    async def join(self, join: Join) -> IncidentStatus:
        """Open the incident, or join the one that is open already."""
        if join.by != self._state.opened_by:
            self._timeline.add("joined", join.by)
        return self.status()

    @join.validator
    def _check_join(self, join: Join) -> None:
        with refusing():
            self._state.refuse_if_closed()

    @workflow.update(name="propose")
    async def propose(self, propose: Propose) -> MessageStatus:
        """Render a message for every channel and put it before its gate."""
        async with self._lock:
            with refusing():
                self._state.refuse_proposal(propose.kind, propose.by)
                state = self._state
                stage = state.stage_for(propose.kind)
                number, ordinal = state.next_of(propose.kind)
                message = await render(
                    state, propose, propose.kind, number=number, revision=1, ordinal=ordinal
                )
                self._enter(stage, propose.by)
                state.messages.append(message)
                self._timeline.add(
                    "proposed", propose.by, f"message {number}: {propose.kind} {message.digest[:8]}"
                )
                return message_status(state, message)

    @propose.validator
    def _check_propose(self, propose: Propose) -> None:
        with refusing():
            self._state.refuse_proposal(propose.kind, propose.by)

    @workflow.update(name="revise")
    async def revise(self, revise: Revise) -> MessageStatus:
        """Render a new revision; whatever was decided about the one before is void."""
        async with self._lock_of[revise.message], self._lock:
            with refusing():
                old = self._state.message(revise.message)
                self._state.refuse_revision(old)
                self._state.refuse_unfilled(old.kind)
                new = await render(
                    self._state,
                    revise,
                    old.kind,
                    number=old.number,
                    revision=old.revision + 1,
                    ordinal=old.ordinal,
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
            self._state.refuse_stranger(revise.by)
            message = self._state.message(revise.message)
            self._state.refuse_revision(message)
            self._state.refuse_unfilled(message.kind)

    @workflow.update(name="facts")
    async def facts(self, facts: RecordFacts) -> IncidentStatus:
        """Take note of what is known now; the words themselves stay in the ledger."""
        self._state.facts, self._state.facts_filled = facts.facts, facts.filled
        self._timeline.add("facts recorded", facts.by, ", ".join(facts.filled))
        return self.status()

    @facts.validator
    def _check_facts(self, facts: RecordFacts) -> None:
        with refusing():
            self._state.refuse_request(facts.by)

    @workflow.update(name="advance")
    async def advance(self, advance: Advance) -> IncidentStatus:
        """Move to another stage, if the table and what has been told so far allow it."""
        # Not while a proposal is being rendered: it has been told which stage it is for.
        async with self._lock:
            with refusing():
                self._state.refuse_stage(advance.to)
            self._enter(advance.to, advance.by)
            return self.status()

    @advance.validator
    def _check_advance(self, advance: Advance) -> None:
        with refusing():
            self._state.refuse_advance(advance.to, advance.by)

    @workflow.update(name="withdraw")
    async def withdraw(self, withdraw: Withdraw) -> MessageStatus:
        """Stop what has not gone out and take back what can be; answers when all has settled."""
        async with self._lock_of[withdraw.message]:
            message = self._state.message(withdraw.message)
            why = f": {withdraw.reason}" if withdraw.reason else ""
            self._timeline.add("withdrawn", withdraw.by, f"message {message.number}{why}")
            message.phase = MessagePhase.WITHDRAWN
            await self._publishing.halt(message, PublicationState.WITHDRAWN)
            await self._publishing.take_back(message)
            return message_status(self._state, message)

    @withdraw.validator
    def _check_withdraw(self, withdraw: Withdraw) -> None:
        with refusing():
            self._state.refuse_request(withdraw.by)
            self._state.message(withdraw.message)

    @workflow.update(name="steer_broadcast")
    async def steer_broadcast(self, steer: SteerBroadcast) -> MessageStatus:
        """Pause, resume or stop mail that is going out; effective within one batch."""
        with refusing():
            message = self._state.message(steer.message)
            self._publishing.refuse_steering(message, steer.channel)
            asked = f"message {steer.message} on {steer.channel}"
            self._timeline.add(f"asked to {steer.action}", steer.by, asked)
            await self._publishing.steer(message, steer.channel, steer)
            return message_status(self._state, message)

    @steer_broadcast.validator
    def _check_steer(self, steer: SteerBroadcast) -> None:
        with refusing():
            self._state.refuse_request(steer.by)
            message = self._state.message(steer.message)
            self._publishing.refuse_steering(message, steer.channel)

    @workflow.update(name="retry_channel")
    async def retry_channel(self, retry: RetryChannel) -> MessageStatus:
        """Publish an approved message once more where it was refused."""
        with refusing():
            message = self._state.message(retry.message)
            self._publishing.start(message, (retry.channel,))
        self._timeline.add("retried", retry.by, f"message {retry.message} on {retry.channel}")
        return message_status(self._state, message)

    @retry_channel.validator
    def _check_retry(self, retry: RetryChannel) -> None:
        with refusing():
            self._state.refuse_stranger(retry.by)
            self._state.refuse_not_failed(retry.message, retry.channel)
            self._publishing.refuse_start(self._state.message(retry.message))

    @workflow.update(name="settle")
    async def settle(self, settle: Settle) -> MessageStatus:
        """Take a person's word for what happened to a publication of unknown outcome."""
        async with self._lock_of[settle.message], self._lock:
            with refusing():
                message = self._state.message(settle.message)
                self._publishing.refuse_settling(message, settle)
                await self._publishing.settle(message, settle)
                return message_status(self._state, message)

    @settle.validator
    def _check_settle(self, settle: Settle) -> None:
        with refusing():
            self._state.refuse_request(settle.by)
            self._publishing.refuse_settling(self._state.message(settle.message), settle)

    @workflow.update(name="close")
    async def close(self, close: Close) -> IncidentStatus:
        """Close the incident, unless something is open that was not waived in writing."""
        async with self._lock:
            with refusing():
                self._state.refuse_close(close.waive)
            self._state.close(close.waive, workflow.now())
            waived = f"waived: {self._state.waiver}" if self._state.waiver else ""
            self._timeline.add("closed", close.by, waived)
            return self.status()

    @close.validator
    def _check_close(self, close: Close) -> None:
        with refusing():
            self._state.refuse_stranger(close.by)
            self._state.refuse_close(close.waive)

    # --- the few functions behind all of these ------------------------------------------------

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
        return workflow.info().is_continue_as_new_suggested()

    def _nothing_under_way(self) -> bool:
        return (
            workflow.all_handlers_finished()
            and self._publishing.quiet()
            and not self._timeline.pending()
        )
