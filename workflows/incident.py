"""The lifecycle of a response: the workflow at which everything about an incident arrives.

Every surface (signal, update, terminal, page) ends in the same few functions. Each belongs to a
collaborator that owns one subject; the rules themselves are in ``domain``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.gate import Verdict
    from domain.incident import IncidentState
    from domain.limits import NAME_LIMIT, REASON_LIMIT, TITLE_LIMIT, refuse_long, refuse_many
    from domain.message_state import MessageState
    from domain.public_text import check_title, refuse_unfit
    from domain.roster import roles_of
    from domain.status import Decided, IncidentStatus, MessageStatus
    from domain.timeline import TimelineEntry
    from workflows.breaking_glass import BreakingGlass
    from workflows.ceilings import Ceilings
    from workflows.contract import (
        INCIDENT_WORKFLOW,
        Advance,
        BreakGlass,
        Close,
        Decide,
        Delegate,
        Join,
        NoteNotified,
        OpenIncident,
        Propose,
        Reconcile,
        RecordFacts,
        Release,
        RetryChannel,
        ReviewGate,
        Revise,
        SetAudiences,
        SetSeverity,
        Settle,
        SteerBroadcast,
        Withdraw,
    )
    from workflows.deadline_watch import DeadlineWatch
    from workflows.delegating import Delegating
    from workflows.escalation import Escalating
    from workflows.facts import FactsRecording
    from workflows.lifecycle import Lifecycle
    from workflows.noise import NoiseLimit
    from workflows.openings import Openings
    from workflows.policies import ASKED
    from workflows.promises import Promises
    from workflows.proposing import Proposing
    from workflows.proving import Proving
    from workflows.publishing import Publishing
    from workflows.recovering import Recovering
    from workflows.refusing import refusing
    from workflows.releasing import Releasing
    from workflows.settling import Settling
    from workflows.severity import SettingSeverity
    from workflows.signing import Signing
    from workflows.status import incident_status, message_status
    from workflows.stops import Stops
    from workflows.timeline import Timeline
    from workflows.turns import WaitingRoom, turn
    from workflows.withdrawing import Withdrawing


@workflow.defn(name=INCIDENT_WORKFLOW)
class IncidentWorkflow:
    """One incident, from its opening to its closing."""

    @workflow.init
    def __init__(self, opening: OpenIncident) -> None:
        # Take the message's lock first, if you need both.
        self._turn = asyncio.Lock()
        self._turn_of: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ceilings = Ceilings()
        self._waiting_room = WaitingRoom(self._ceilings)
        timeline = Timeline(
            opening.incident, opening.timeline, opening.recorded, opening.known, opening.behind
        )
        state = opening.carried or IncidentState(
            incident=opening.incident,
            title=opening.title[:TITLE_LIMIT],
            plan=opening.plan,
            templates=opening.templates,
            audiences=opening.audiences,
            severity=opening.severity,
            opened_by=opening.opened_by,
            opened_at=workflow.now(),
        )
        self._state, self._timeline = state, timeline
        timeline.describe(state)
        self._noise = NoiseLimit(state, timeline)
        self._lifecycle = Lifecycle(state, timeline, self._turn, registered=opening.registered)
        self._proposing = Proposing(state, timeline, self._lifecycle, self._turn)
        self._releasing = Releasing(state, timeline, self._lifecycle, self._turn)
        self._promises = Promises(state, timeline, self._releasing)
        self._severity = SettingSeverity(state, timeline)
        self._publishing = Publishing(state, timeline, self._noise)
        self._openings = Openings(state, timeline, self._publishing)
        roles, proving = roles_of(state.plan.roster), Proving(state)
        self._signing = Signing(state, roles, timeline, self._noise, self._publishing, proving)
        self._breaking = BreakingGlass(state, roles, timeline, self._signing, proving)
        self._delegating = Delegating(state, timeline)
        self._escalating = Escalating(state, timeline, self._releasing.in_place_of)
        self._withdrawing = Withdrawing(state, timeline, self._publishing, self._turn_of)
        self._stops = Stops(state, timeline, self._publishing)
        if opening.carried is None and opening.severity is not None:
            # A channel may be in quarantine already.
            self._stops.hear()
        self._settling = Settling(state, timeline, self._publishing)
        self._deadlines = DeadlineWatch(state, timeline)
        self._facts = FactsRecording(state, timeline, self._deadlines)
        self._recovering = Recovering(state, timeline, self._publishing, self._openings)
        if opening.carried is None:
            timeline.add("opened", opening.opened_by, state.title)

    @workflow.run
    async def run(self, opening: OpenIncident) -> IncidentStatus:
        """Live until the incident is closed; return how it ended."""
        with refusing():
            check_title(opening.title)
        lifecycle, recovered = self._lifecycle, opening.recovered and not opening.registered
        if recovered:
            self._timeline.add("recovered", "frontfoot", "from the ledger's snapshot")
            self._deadlines.resume()
        self._publishing.resume(recovered=recovered)
        self._withdrawing.resume()
        under_way = [
            asyncio.create_task(lifecycle.keep_registered(recovered=recovered)),
            asyncio.create_task(self._once_registered(self._timeline.keep)),
            asyncio.create_task(self._once_registered(self._openings.keep)),
            asyncio.create_task(self._once_registered(self._stops.keep)),
            asyncio.create_task(self._once_registered(self._deadlines.keep)),
            asyncio.create_task(self._once_registered(self._promises.keep)),
            asyncio.create_task(self._noise.keep()),
            asyncio.create_task(self._once_registered(self._escalating.keep)),
            asyncio.create_task(self._delegating.keep()),
            asyncio.create_task(self._ceilings.watch()),
        ]
        closing = asyncio.create_task(self._close())
        await workflow.wait_condition(
            lambda: lifecycle.taken is not None or closing.done() or self._may_continue()
        )
        if lifecycle.taken is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            why = lifecycle.taken
            raise ApplicationError(why.what, why, type="NameTaken", non_retryable=True)
        if not closing.done():
            # Nothing may be awaited between that condition and here: an approval that came
            # meanwhile would be answered and lost.
            workflow.continue_as_new(self._carried(opening))
        for task in under_way:
            task.cancel()
        await self._timeline.finish()
        return self.status()

    def _carried(self, opening: OpenIncident) -> OpenIncident:
        changes = {
            "carried": self._state,
            "timeline": self._timeline.entries(),
            "recorded": self._timeline.recorded(),
            "known": self._timeline.known(),
            "behind": self._timeline.behind,
            "registered": self._lifecycle.registered,
        }
        return opening.model_copy(update=changes)

    async def _once_registered(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Write to the ledger, once it is certain that the name is this incident's."""
        await workflow.wait_condition(lambda: self._lifecycle.registered)
        await keep()

    async def _close(self) -> None:
        """Record the closing once there is one, and nothing else is under way."""
        await workflow.wait_condition(
            lambda: self._lifecycle.closed() and self._nothing_under_way()
        )
        await self._lifecycle.record_closing()
        # Somebody may have joined, or tried to sign, while the closing was recorded.
        await workflow.wait_condition(self._nothing_under_way)

    # --- asking -------------------------------------------------------------------------------

    @workflow.query(name="status")
    def status(self) -> IncidentStatus:
        """The status of the response."""
        timeline = self._timeline
        known, branch, behind = timeline.known(), timeline.branch(), timeline.behind
        return incident_status(self._state, known, branch, behind, workflow.now())

    @workflow.query(name="timeline")
    def timeline(self) -> list[TimelineEntry]:
        """What happened so far, oldest first."""
        return list(self._timeline.entries())

    # --- signing ------------------------------------------------------------------------------

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """``approve`` and ``reject`` of approvers, and news of what happened elsewhere.

        The approvers' contract is one value, ``{"by": …, "digest": …, "message": …}``, perhaps with
        ``proof``, and for rejecting also ``reason``. A handler for each name would stall the whole
        incident if somebody sent it no value or two.
        """
        self._ceilings.signals += 1
        match name:
            case "approve":
                await self._signing.decide_by_signal(said, Verdict.APPROVE)
            case "reject":
                await self._signing.decide_by_signal(said, Verdict.REJECT)
            case "channel_news":
                self._publishing.hear(said)
            case "stops_changed":
                self._stops.hear()
            case "notification_news":
                self._escalating.hear(said)
                self._promises.hear(said)
            case _:
                self._noise.add("signal not understood", "somebody", name)

    @workflow.update(name="decide")
    async def decide(self, decide: Decide) -> Decided:
        """Approve or reject, and learn at once whether it counted and what is missing."""
        self._ceilings.updates += 1
        return await self._signing.decide(decide, ASKED)

    @decide.validator
    def _check_decide(self, decide: Decide) -> None:
        """Refuses nothing but what cannot be read, which without a validator would stall us.

        A decision that does not count belongs in the record, whatever surface it came from.
        """
        with refusing():
            refuse_long("The reason", decide.reason, REASON_LIMIT)
            refuse_long("The digest", decide.digest, NAME_LIMIT)
            refuse_long("The proof", decide.proof, NAME_LIMIT)

    @workflow.update(name="break_glass")
    async def break_glass(self, asked: BreakGlass) -> Decided:
        """Approve out of policy; the second person's approval opens the gate."""
        self._ceilings.updates += 1
        return await self._breaking.ask(asked)

    @break_glass.validator
    def _check_break_glass(self, asked: BreakGlass) -> None:
        with refusing():
            refuse_long("The reason", asked.reason, REASON_LIMIT)
            refuse_long("The digest", asked.digest, NAME_LIMIT)
            refuse_long("The proof", asked.proof, NAME_LIMIT)

    @workflow.update(name="review_gate")
    async def review_gate(self, asked: ReviewGate) -> MessageStatus:
        """Say what is to be said of a gate that was opened out of policy."""
        self._ceilings.updates += 1
        with refusing():
            return self._of(self._breaking.review(asked))

    @review_gate.validator
    def _check_review(self, asked: ReviewGate) -> None:
        with refusing():
            self._breaking.refuse_review(asked)

    @workflow.update(name="delegate")
    async def delegate(self, asked: Delegate) -> IncidentStatus:
        """Give somebody another person's roles for a time, or end that."""
        self._ceilings.updates += 1
        with refusing():
            self._delegating.delegate(asked)
        return self.status()

    @delegate.validator
    def _check_delegate(self, asked: Delegate) -> None:
        with refusing():
            self._delegating.refuse(asked)

    # --- writing ------------------------------------------------------------------------------

    @workflow.update(name="propose")
    async def propose(self, propose: Propose) -> MessageStatus:
        """Render a message for every channel and put it before its gate."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            return self._of(await self._proposing.propose(propose))

    @propose.validator
    def _check_propose(self, propose: Propose) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._proposing.refuse_proposal(propose)

    @workflow.update(name="revise")
    async def revise(self, revise: Revise) -> MessageStatus:
        """Render a new revision; whatever was decided about the one before is void."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            async with turn(self._turn_of[revise.message]):
                return self._of(await self._proposing.revise(revise))

    @revise.validator
    def _check_revise(self, revise: Revise) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._proposing.refuse_revision(revise)

    @workflow.update(name="facts")
    async def facts(self, facts: RecordFacts) -> IncidentStatus:
        """Record what is known now; the facts themselves stay in the ledger."""
        self._ceilings.updates += 1
        with refusing():
            self._facts.record(facts)
        return self.status()

    @facts.validator
    def _check_facts(self, facts: RecordFacts) -> None:
        with refusing():
            self._facts.refuse(facts)

    @workflow.update(name="authority_notified")
    async def authority_notified(self, note: NoteNotified) -> IncidentStatus:
        """Enter in the timeline that an authority was notified."""
        self._ceilings.updates += 1
        with refusing():
            self._deadlines.note(note)
        return self.status()

    @authority_notified.validator
    def _check_notified(self, note: NoteNotified) -> None:
        with refusing():
            self._deadlines.refuse(note)

    @workflow.update(name="release")
    async def release(self, release: Release) -> MessageStatus:
        """Publish a holding statement that was approved in advance."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            return self._of(await self._releasing.release(release))

    @release.validator
    def _check_release(self, release: Release) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._releasing.refuse(release)

    # --- steering -----------------------------------------------------------------------------

    @workflow.update(name="withdraw")
    async def withdraw(self, withdraw: Withdraw) -> MessageStatus:
        """Stop what has not gone out, and begin to take back what can be."""
        self._ceilings.updates += 1
        return self._of(self._withdrawing.withdraw(withdraw))

    @withdraw.validator
    def _check_withdraw(self, withdraw: Withdraw) -> None:
        with refusing():
            self._withdrawing.refuse(withdraw)

    @workflow.update(name="steer_broadcast")
    async def steer_broadcast(self, steer: SteerBroadcast) -> MessageStatus:
        """Pause, resume or stop mail that is going out; effective within one batch."""
        self._ceilings.updates += 1
        with refusing():
            return self._of(self._publishing.steer(steer))

    @steer_broadcast.validator
    def _check_steer(self, steer: SteerBroadcast) -> None:
        with refusing():
            self._publishing.refuse_steering(steer)

    @workflow.update(name="retry_channel")
    async def retry_channel(self, retry: RetryChannel) -> MessageStatus:
        """Publish an approved message once more where it was refused."""
        self._ceilings.updates += 1
        with refusing():
            return self._of(self._publishing.retry(retry))

    @retry_channel.validator
    def _check_retry(self, retry: RetryChannel) -> None:
        with refusing():
            self._publishing.refuse_retry(retry)

    @workflow.update(name="settle")
    async def settle(self, settle: Settle) -> MessageStatus:
        """Enter what a person saw of a publication of unknown outcome."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            async with turn(self._turn_of[settle.message]), turn(self._turn):
                return self._of(await self._settling.settle(settle))

    @settle.validator
    def _check_settle(self, settle: Settle) -> None:
        with refusing():
            self._waiting_room.refuse_full()
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
        self._ceilings.updates += 1
        self._lifecycle.join(join)
        return self.status()

    @join.validator
    def _check_join(self, join: Join) -> None:
        with refusing():
            check_title(self._state.title)
            self._state.refuse_request(join.actor)

    @workflow.update(name="set_audiences")
    async def set_audiences(self, chosen: SetAudiences) -> IncidentStatus:
        """Choose who gets the mail, while nothing has begun to go out."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            await self._lifecycle.set_audiences(chosen)
        return self.status()

    @set_audiences.validator
    def _check_audiences(self, chosen: SetAudiences) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._state.refuse_audiences(chosen.actor)
            refuse_many("audiences", chosen.audiences)

    @workflow.update(name="set_severity")
    async def set_severity(self, chosen: SetSeverity) -> IncidentStatus:
        """Say how bad it is, and with that how fast people are asked."""
        self._ceilings.updates += 1
        self._severity.set(chosen)
        # With its first severity it hears of quarantines, too.
        self._stops.hear()
        return self.status()

    @set_severity.validator
    def _check_severity(self, chosen: SetSeverity) -> None:
        with refusing():
            self._severity.refuse(chosen)

    @workflow.update(name="advance")
    async def advance(self, advance: Advance) -> IncidentStatus:
        """Move to another stage, if the table and the messages so far allow it."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            await self._lifecycle.advance(advance)
        return self.status()

    @advance.validator
    def _check_advance(self, advance: Advance) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._state.refuse_advance(advance.to, advance.actor)

    @workflow.update(name="close")
    async def close(self, close: Close) -> IncidentStatus:
        """Close the incident, unless something is open that was not waived in writing."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            await self._lifecycle.close(close)
        return self.status()

    @close.validator
    def _check_close(self, close: Close) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._state.refuse_stranger(close.actor)
            refuse_unfit(close.waive, "The waiver", REASON_LIMIT)
            self._state.refuse_close(close.waive)

    # ------------------------------------------------------------------------------------------

    def _of(self, message: MessageState) -> MessageStatus:
        return message_status(self._state, message)

    def _may_continue(self) -> bool:
        """Whether this run has taken enough, and its end would cut nothing off."""
        return (
            self._ceilings.near()
            and workflow.all_handlers_finished()
            and self._publishing.at_rest()
            and self._stops.quiet()
            and self._deadlines.quiet()
            and self._promises.quiet()
        )

    def _nothing_under_way(self) -> bool:
        return (
            workflow.all_handlers_finished()
            and self._openings.quiet()
            and self._stops.quiet()
            and self._deadlines.quiet()
            and self._escalating.quiet()
            and self._promises.quiet()
            and self._publishing.quiet()
            and not any(one.withdrawing for one in self._state.messages)
            and not self._timeline.waited_for()
        )
