"""Releasing a holding statement: words that were approved in advance, out within minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.proposals import RENDER_MESSAGE, RenderMessage, StatementOrder
    from domain.actor import FRONTFOOT, Actor
    from domain.errors import DomainError, NotNow
    from domain.explanation import Action, NextStep
    from domain.gate import GateState
    from domain.holding import FIRST_WORD, STILL_WORKING
    from domain.incident import IncidentState
    from domain.limits import MOST_MESSAGES, NAME_LIMIT, refuse_long, refuse_many
    from domain.message import MessageKind
    from domain.message_state import MessagePhase, MessageState
    from domain.next_word import suggested_promise
    from domain.playbook_holding import HoldingPlan, StatementPlan
    from domain.promise_clock import Promise
    from domain.promises import refuse_promise, whole_minute
    from domain.proposing import stage_for
    from domain.roster import roles_of
    from workflows.calls import Failure, call, failure_of
    from workflows.contract.writing import Release
    from workflows.lifecycle import Lifecycle
    from workflows.patches import HOLDS
    from workflows.policies import ASKED, URGENT
    from workflows.proposing import message_of
    from workflows.timeline import Timeline
    from workflows.turns import turn


Wanted = Callable[[], bool]
"""Whether a statement still says something: people decide while it is being rendered."""


def _always() -> bool:
    return True


class Releasing:
    """Publishes approved statements by the publication protocol, each as a message of its own."""

    def __init__(
        self,
        state: IncidentState,
        timeline: Timeline,
        lifecycle: Lifecycle,
        turn_lock: asyncio.Lock,
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._lifecycle = lifecycle
        self._turn = turn_lock

    def refuse(self, release: Release) -> None:
        """Raise ``DomainError`` unless this person may release it now."""
        self._refuse(release, holds=True)

    def _refuse(self, release: Release, *, holds: bool) -> None:
        self._state.refuse_request(release.actor)
        refuse_long("The name of the statement", release.statement, NAME_LIMIT)
        refuse_many("blanks", (*release.blanks, *release.blanks.values()))
        statement = self._plan().statement(release.statement)
        self._refuse_now(statement, holds=holds)
        held = roles_of(self._state.plan.roster)[release.actor.person]
        if not set(held) & set(statement.released_by):
            raise DomainError(
                f"{release.actor.person} has none of the roles that release {statement.name}.",
                f"Ask somebody who is {' or '.join(statement.released_by)}.",
            )
        refuse_promise(_shown(release.next_update_by), workflow.now())

    async def release(self, release: Release) -> MessageState:
        """Publish it. Raises ``ActivityError`` if a blank is not what was approved."""
        async with turn(self._turn):
            self._refuse(release, holds=workflow.patched(HOLDS))
            statement = self._plan().statement(release.statement)
            return await self._publish(
                statement, release.actor, release.blanks, _shown(release.next_update_by)
            )

    async def still_working(self, promise: Promise, wanted: Wanted) -> MessageState:
        """Publish that work goes on, with a new promise that the same owner keeps.

        Raises ``DomainError`` or ``ActivityError`` if it cannot be published.
        """
        return await self._by_itself(
            STILL_WORKING, promise.owner, promise.due, wanted, after=promise.number
        )

    async def _by_itself(
        self, name: str, owner: str, since: datetime, wanted: Wanted, after: int = 0
    ) -> MessageState:
        """Publish a statement that nobody released, as the plan says.

        Its only blank may be the time of the next update, which the cadence gives. One that was
        released ``since`` then, or is still to reach people, is enough: nobody needs two. It must
        be a later message than ``after``. Raises ``NotNow`` if it is not ``wanted`` any more once
        it has been rendered.
        """
        async with turn(self._turn):
            self._state.refuse_if_closed()
            found = self._released(name, since, after)
            if found is not None:
                return found
            statement = self._plan().statement(name)
            self._refuse_now(statement, holds=workflow.patched(HOLDS))
            if statement.blanks:
                raise DomainError(
                    f"Holding statement {name} has blanks, and nobody is there to fill them.",
                    "Take them out in the playbook, and have it approved again.",
                )
            now = workflow.now()
            promise = suggested_promise(self._state, now)
            return await self._publish(
                statement, FRONTFOOT, {}, _shown(promise), owner=owner, wanted=wanted
            )

    def _released(self, name: str, since: datetime, after: int) -> MessageState | None:
        for one in reversed(self._state.messages):
            if one.released != name:
                continue
            recent = one.proposed_at >= since
            enough = self._is_enough(one, after, recent=recent)
            if enough != recent and not workflow.patched(HOLDS):
                enough = recent
            if enough:
                return one
        return None

    def _is_enough(self, statement: MessageState, after: int, *, recent: bool) -> bool:
        """Whether one that was let out before says it; what got nowhere says nothing.

        One that people have had for hours may still be going out on another channel.
        """
        if statement.number <= after:
            return False
        told = self._state.told(statement)
        going_out = statement.phase is MessagePhase.PUBLISHING
        return told or going_out if recent else going_out and not told

    async def in_place_of(self, message: MessageState) -> Failure | None:
        """Publish what was approved for the time that ``message`` waits; why not, or None.

        A run that goes on as new may ask once more: what went out since it was proposed is enough.
        """

        def waits() -> bool:
            gate = message.gate.state
            return message.phase is MessagePhase.WAITING and gate is GateState.WAITING

        announces = message.kind is MessageKind.ANNOUNCEMENT
        name = FIRST_WORD if announces else STILL_WORKING
        try:
            await self._by_itself(name, message.owner, message.proposed_at, waits)
        except (DomainError, ActivityError) as error:
            return failure_of(error)
        return None

    def _plan(self) -> HoldingPlan:
        plan = self._state.plan.holding
        if plan is None:
            raise DomainError(
                f"Playbook {self._state.plan.name} has no holding statements.",
                "Propose a message, and have it signed.",
            )
        return plan

    def _refuse_now(self, statement: StatementPlan, *, holds: bool) -> None:
        """Raise ``DomainError`` if people have heard more than ``statement`` says, or are about to.

        Not ``holds``: by the rules of before ``HOLDS``.
        """
        state, announced = self._state, MessageKind.ANNOUNCEMENT
        if len(state.messages) >= MOST_MESSAGES:
            raise DomainError(f"This incident has {MOST_MESSAGES} messages.", "Open another one.")
        if state.has_told(MessageKind.RESOLUTION_NOTE):
            raise DomainError(
                "People have been told that it is over.",
                "Propose a message, and have it signed.",
            )
        begun = [
            one.number
            for one in state.messages
            if one.kind is announced and (one.phase is MessagePhase.PUBLISHING or state.told(one))
        ]
        if statement.kind is announced and begun:
            raise DomainError(
                f"The first word is out already, or on its way: message {begun[0]}.",
                NextStep(action=Action.SHOW_STATUS, incident=state.incident),
            )
        if statement.kind is not announced:
            self._refuse_beginning(begun, holds=holds)
        resolution = self._resolution() if holds else None
        if resolution is not None:
            raise _beside(resolution, self._state.incident)

    def _refuse_beginning(self, begun: Sequence[int], *, holds: bool) -> None:
        """Raise ``DomainError`` while nobody has read an announcement, on any channel."""
        state, announced = self._state, MessageKind.ANNOUNCEMENT
        if state.has_told(announced):
            return
        if holds and any(one.kind is announced and one.reached for one in state.messages):
            return
        if holds and begun:
            raise NotNow(
                f"The first word, message {begun[0]}, is on its way, and nobody has it yet.",
                NextStep(action=Action.SHOW_STATUS, incident=state.incident),
                means="Nothing was released: there is nothing to continue.",
            )
        raise DomainError(
            "Nobody has been told anything yet, so there is nothing to continue.",
            NextStep(action=Action.RELEASE, incident=state.incident, about=FIRST_WORD),
        )

    def _resolution(self) -> int | None:
        """The resolution that is on its way."""
        going_out = (
            one.number
            for one in self._state.messages
            if one.kind is MessageKind.RESOLUTION_NOTE and one.phase is MessagePhase.PUBLISHING
        )
        return next(going_out, None)

    async def _publish(
        self,
        statement: StatementPlan,
        actor: Actor,
        blanks: Mapping[str, str],
        promise: datetime | None,
        *,
        owner: str = "",
        wanted: Wanted = _always,
    ) -> MessageState:
        state, now = self._state, workflow.now()
        await self._lifecycle.refuse_unregistered()
        number, ordinal = state.next_of(statement.kind)
        order = RenderMessage(
            message=state.ref_to(number, 1),
            kind=statement.kind,
            ordinal=ordinal,
            author=actor.person,
            title=state.title,
            templates=state.templates,
            plan=state.plan,
            facts=state.facts.current,
            next_update_by=promise,
            notify=False,
            at=now,
            request=str(workflow.uuid4()),
            known=self._timeline.known(),
            release=StatementOrder(statement=statement.name, blanks=dict(blanks)),
        )
        summary = f"{statement.name} {ordinal}"
        rendered = await call(RENDER_MESSAGE, order, ASKED, priority=URGENT, summary=summary)
        # While it was being rendered somebody may have approved what says more.
        holds = workflow.patched(HOLDS)
        self._refuse_now(statement, holds=holds)
        if holds and not wanted():
            raise NotNow("What it stands in for has been decided, or is on its way.")
        message = message_of(state, order, rendered)
        message.gate = message.gate.model_copy(update={"released": True})
        message.owner = owner or actor.person
        message.released = statement.name
        message.approved_at = now
        message.fresh_until = now + state.plan_of(statement.kind).fresh_for
        state.messages.append(message)
        if statement.kind is MessageKind.ANNOUNCEMENT:
            self._lifecycle.enter(stage_for(state, statement.kind), actor)
        about = f"message {message.number}: {statement.name} {message.digest[:8]}"
        self._timeline.add("released", actor, about)
        # Once the ledger has the opening, it goes out: see workflows/openings.py.
        message.mark_publishing()
        return message


def _beside(resolution: int, incident: str) -> NotNow:
    return NotNow(
        f"The resolution, message {resolution}, is on its way.",
        NextStep(action=Action.SHOW_STATUS, incident=incident),
        means="Nothing was released: it would say that work goes on after it is over.",
    )


def _shown(at: datetime | None) -> datetime | None:
    return whole_minute(at) if at else None
