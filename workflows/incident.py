"""The lifecycle of a response: the workflow at which everything about an incident arrives.

Every surface (signal, update, terminal, page) ends in the same few functions, in ``handlers``. Each
belongs to a collaborator that owns one subject; the rules themselves are in ``domain``.
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
    from domain.limits import TITLE_LIMIT
    from domain.public_text import check_title
    from domain.roster import roles_of
    from domain.status import IncidentStatus
    from workflows.breaking_glass import BreakingGlass
    from workflows.ceilings import Ceilings
    from workflows.contract.lifecycle import OpenIncident
    from workflows.contract.names import INCIDENT_WORKFLOW
    from workflows.deadline_watch import DeadlineWatch
    from workflows.delegating import Delegating
    from workflows.escalation import Escalating
    from workflows.facts import FactsRecording
    from workflows.handlers.lifecycle import LifecycleHandlers
    from workflows.handlers.signing import SigningHandlers
    from workflows.handlers.steering import SteeringHandlers
    from workflows.handlers.writing import WritingHandlers
    from workflows.lifecycle import Lifecycle
    from workflows.noise import NoiseLimit
    from workflows.openings import Openings
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
    from workflows.stops import Stops
    from workflows.timeline import Timeline
    from workflows.turns import WaitingRoom
    from workflows.withdrawing import Withdrawing


@workflow.defn(name=INCIDENT_WORKFLOW)
class IncidentWorkflow(SigningHandlers, WritingHandlers, SteeringHandlers, LifecycleHandlers):
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
