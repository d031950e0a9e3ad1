"""The lifecycle of a response: the workflow at which everything about an incident arrives.

Every surface (signal, update, terminal, page) ends in the same few functions. Each belongs to a
collaborator that owns one subject; the rules themselves are in ``domain``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.gate import Verdict
    from domain.incident import IncidentState
    from domain.message_state import MessageState
    from domain.roster import roles_of
    from domain.status import Decided, IncidentStatus, MessageStatus
    from domain.timeline import TimelineEntry
    from workflows.contract import (
        INCIDENT_WORKFLOW,
        Advance,
        Close,
        Decide,
        Join,
        OpenIncident,
        Propose,
        Reconcile,
        RecordFacts,
        RetryChannel,
        Revise,
        SetAudiences,
        Settle,
        SteerBroadcast,
        Withdraw,
    )
    from workflows.facts import FactsRecording
    from workflows.lifecycle import Lifecycle
    from workflows.proposing import Proposing
    from workflows.publishing import Publishing
    from workflows.recovering import Recovering
    from workflows.refusing import refusing
    from workflows.settling import Settling
    from workflows.signing import Signing
    from workflows.status import incident_status, message_status
    from workflows.timeline import Timeline
    from workflows.withdrawing import Withdrawing


@workflow.defn(name=INCIDENT_WORKFLOW)
class IncidentWorkflow:
    """One incident, from its opening to its closing."""

    @workflow.init
    def __init__(self, opening: OpenIncident) -> None:
        # Take the message's lock first, if you need both: a withdrawal may wait for its message
        # for many minutes, and must not block anything else meanwhile.
        self._turn = asyncio.Lock()
        self._turn_of: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        timeline = Timeline(opening.incident, opening.timeline, opening.known, opening.behind)
        state = opening.carried or IncidentState(
            incident=opening.incident,
            title=opening.title,
            plan=opening.plan,
            templates=opening.templates,
            audiences=opening.audiences,
            opened_by=opening.opened_by,
            opened_at=workflow.now(),
        )
        self._state, self._timeline = state, timeline
        timeline.snapshot = lambda: state.model_dump_json(exclude={"plan"})
        self._lifecycle = Lifecycle(state, timeline, self._turn)
        self._proposing = Proposing(state, timeline, self._lifecycle, self._turn)
        self._publishing = Publishing(state, timeline)
        self._signing = Signing(state, roles_of(state.plan.roster), timeline, self._publishing)
        self._withdrawing = Withdrawing(state, timeline, self._publishing)
        self._settling = Settling(state, timeline, self._publishing)
        self._facts = FactsRecording(state, timeline)
        self._recovering = Recovering(state, timeline, self._publishing)
        if opening.carried is None:
            timeline.add("opened", opening.opened_by, opening.title)

    @workflow.run
    async def run(self, opening: OpenIncident) -> IncidentStatus:
        """Live until the incident is closed; return how it ended."""
        if opening.carried is None:
            await self._lifecycle.register()
        if opening.recovered:
            self._recovering.start_again()
        keeping = asyncio.create_task(self._timeline.keep())
        await workflow.wait_condition(
            lambda: (
                (self._lifecycle.closed() or self._should_continue()) and self._nothing_under_way()
            )
        )
        if not self._lifecycle.closed():
            # Nothing may be awaited between that condition and here: an approval that came
            # meanwhile would start a publication that nobody follows.
            workflow.continue_as_new(
                opening.model_copy(
                    update={
                        "carried": self._state,
                        "timeline": self._timeline.entries(),
                        "known": self._timeline.known(),
                        "behind": self._timeline.behind,
                        "recovered": False,
                    }
                )
            )
        await self._lifecycle.record_closing()
        # Somebody may have joined, or tried to sign, while the closing was recorded.
        await workflow.wait_condition(self._nothing_under_way)
        keeping.cancel()
        return self.status()

    # --- asking -------------------------------------------------------------------------------

    @workflow.query(name="status")
    def status(self) -> IncidentStatus:
        """The status of the response."""
        return incident_status(self._state, self._timeline.known(), self._timeline.behind)

    @workflow.query(name="timeline")
    def timeline(self) -> list[TimelineEntry]:
        """What happened so far, oldest first."""
        return list(self._timeline.entries())

    # --- signing ------------------------------------------------------------------------------

    @workflow.signal(dynamic=True)
    def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Every signal: ``approve`` and ``reject`` of approvers, ``channel_news`` of broadcasts.

        The approvers' contract is one value, ``{"by": …, "digest": …, "message": …}``, and for
        rejecting also ``reason``. A handler for each name would stall the whole incident if
        somebody sent it no value or two.
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
        return self._signing.decide(decide)

    @decide.validator
    def _check_decide(self, decide: Decide) -> None:
        """Refuses nothing but what cannot be read, which without a validator would stall us.

        A decision that does not count belongs in the record, whatever surface it came from.
        """

    # --- writing ------------------------------------------------------------------------------

    @workflow.update(name="propose")
    async def propose(self, propose: Propose) -> MessageStatus:
        """Render a message for every channel and put it before its gate."""
        with refusing():
            return self._of(await self._proposing.propose(propose))

    @propose.validator
    def _check_propose(self, propose: Propose) -> None:
        with refusing():
            self._proposing.refuse_proposal(propose)

    @workflow.update(name="revise")
    async def revise(self, revise: Revise) -> MessageStatus:
        """Render a new revision; whatever was decided about the one before is void."""
        async with self._turn_of[revise.message]:
            with refusing():
                return self._of(await self._proposing.revise(revise))

    @revise.validator
    def _check_revise(self, revise: Revise) -> None:
        with refusing():
            self._proposing.refuse_revision(revise)

    @workflow.update(name="facts")
    async def facts(self, facts: RecordFacts) -> IncidentStatus:
        """Record what is known now; the facts themselves stay in the ledger."""
        with refusing():
            self._facts.record(facts)
        return self.status()

    @facts.validator
    def _check_facts(self, facts: RecordFacts) -> None:
        with refusing():
            self._facts.refuse(facts)

    # --- steering -----------------------------------------------------------------------------

    @workflow.update(name="withdraw")
    async def withdraw(self, withdraw: Withdraw) -> MessageStatus:
        """Stop what has not gone out, take back what can be; answers when all has settled."""
        async with self._turn_of[withdraw.message]:
            return self._of(await self._withdrawing.withdraw(withdraw))

    @withdraw.validator
    def _check_withdraw(self, withdraw: Withdraw) -> None:
        with refusing():
            self._withdrawing.refuse(withdraw)

    @workflow.update(name="steer_broadcast")
    async def steer_broadcast(self, steer: SteerBroadcast) -> MessageStatus:
        """Pause, resume or stop mail that is going out; effective within one batch."""
        with refusing():
            return self._of(await self._publishing.steer(steer))

    @steer_broadcast.validator
    def _check_steer(self, steer: SteerBroadcast) -> None:
        with refusing():
            self._publishing.refuse_steering(steer)

    @workflow.update(name="retry_channel")
    async def retry_channel(self, retry: RetryChannel) -> MessageStatus:
        """Publish an approved message once more where it was refused."""
        with refusing():
            return self._of(self._publishing.retry(retry))

    @retry_channel.validator
    def _check_retry(self, retry: RetryChannel) -> None:
        with refusing():
            self._publishing.refuse_retry(retry)

    @workflow.update(name="settle")
    async def settle(self, settle: Settle) -> MessageStatus:
        """Enter what a person saw of a publication of unknown outcome."""
        async with self._turn_of[settle.message], self._turn:
            with refusing():
                return self._of(await self._settling.settle(settle))

    @settle.validator
    def _check_settle(self, settle: Settle) -> None:
        with refusing():
            self._settling.refuse(settle)

    @workflow.update(name="reconcile")
    async def reconcile(self, reconcile: Reconcile) -> IncidentStatus:
        """Go on with a ledger that was compared with what went out."""
        with refusing():
            self._recovering.reconcile(reconcile)
        return self.status()

    @reconcile.validator
    def _check_reconcile(self, reconcile: Reconcile) -> None:
        with refusing():
            self._recovering.refuse(reconcile)

    # --- the lifecycle ------------------------------------------------------------------------

    @workflow.update(name="join")
    async def join(self, join: Join) -> IncidentStatus:
        """Open the incident, or join the one that is open already."""
        self._lifecycle.join(join)
        return self.status()

    @join.validator
    def _check_join(self, join: Join) -> None:
        with refusing():
            self._state.refuse_if_closed()

    @workflow.update(name="set_audiences")
    async def set_audiences(self, chosen: SetAudiences) -> IncidentStatus:
        """Choose who gets the mail, while nothing has begun to go out."""
        with refusing():
            await self._lifecycle.set_audiences(chosen)
        return self.status()

    @set_audiences.validator
    def _check_audiences(self, chosen: SetAudiences) -> None:
        with refusing():
            self._state.refuse_audiences(chosen.actor)

    @workflow.update(name="advance")
    async def advance(self, advance: Advance) -> IncidentStatus:
        """Move to another stage, if the table and the messages so far allow it."""
        with refusing():
            await self._lifecycle.advance(advance)
        return self.status()

    @advance.validator
    def _check_advance(self, advance: Advance) -> None:
        with refusing():
            self._state.refuse_advance(advance.to, advance.actor)

    @workflow.update(name="close")
    async def close(self, close: Close) -> IncidentStatus:
        """Close the incident, unless something is open that was not waived in writing."""
        with refusing():
            await self._lifecycle.close(close)
        return self.status()

    @close.validator
    def _check_close(self, close: Close) -> None:
        with refusing():
            self._state.refuse_stranger(close.actor)
            self._state.refuse_close(close.waive)

    # ------------------------------------------------------------------------------------------

    def _of(self, message: MessageState) -> MessageStatus:
        return message_status(self._state, message)

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested()

    def _nothing_under_way(self) -> bool:
        return (
            workflow.all_handlers_finished()
            and self._publishing.quiet()
            and not self._timeline.pending()
        )
