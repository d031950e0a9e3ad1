"""Escalation: asking people to decide, rung by rung, until a gate no longer waits.

Each revision at a gate has a task of its own. What is left to do is read from the incident's state,
so that a run that goes on as new, or a recovered one, does it again; whoever was asked already is
not asked twice on the same rung, since the ledger takes each notification once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import (
        NOTIFY,
        Notify,
    )
    from activities.signatures.on_call import FIND_PEOPLE, FindPeople
    from domain.delegation import in_force
    from domain.escalation import ENDS, RELEASES_FOR, Escalation, Ladder, Rung, about_gate
    from domain.gate import GateState
    from domain.gate_endings import ending_of
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.notifications import NotificationNews, NotificationReason
    from domain.signing import may_sign
    from domain.stage import Stage
    from domain.whom_to_ask import Candidates, whom_to_ask
    from workflows.calls import Failure, call, explanation_of
    from workflows.escalation_entries import EscalationEntries
    from workflows.hearing import read
    from workflows.patches import HOLDS
    from workflows.policies import ASKING, RECORD_AGAIN, URGENT
    from workflows.sparing import Sparing, deciders
    from workflows.timeline import Timeline

Release = Callable[[MessageState], Awaitable[Failure | None]]
"""Lets out what was approved beforehand in place of a message; answers why not, or None."""


async def nothing_prepared(message: MessageState) -> Failure:
    """The answer of an incident that has nothing to release."""
    why = f"there is no holding statement to go out in place of message {message.number}"
    return Failure(why, passes=False)


class Escalating:
    """Asks people about every message that waits, and tells them when it is over."""

    def __init__(
        self, state: IncidentState, timeline: Timeline, release: Release = nothing_prepared
    ) -> None:
        self._state = state
        self._release = release
        self._entries = EscalationEntries(timeline)
        self._sparing = Sparing(state, self._entries)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def quiet(self) -> bool:
        """Whether everybody who was asked has been told that it is over."""
        return not self._state.escalations

    def hear(self, said: Sequence[RawValue]) -> None:
        """Take what became of notifying somebody; nothing is done for what cannot be read."""
        news = read(said, NotificationNews)
        found = self._state.escalations.get(news.about) if news is not None else None
        if news is None or found is None or found.over is not None:
            return
        if found.heard(news.person, news.state):
            self._entries.heard(found, news)

    async def keep(self) -> None:
        """Ask for as long as the incident lives, about several messages at once."""
        while True:
            await workflow.wait_condition(lambda: bool(self._new() or self._unwatched()))
            for message in self._new():
                begun = self._begin(message)
                self._state.escalations[begun.about] = begun
            for about in self._unwatched():
                self._under_way[about] = asyncio.create_task(self._watch(about))

    def _new(self) -> list[MessageState]:
        """The messages that have begun to wait, where somebody is to be asked, or time runs out."""
        if self._state.stage is Stage.CLOSED:
            # What was waived stays at its gate, and nobody is asked about it any more.
            return []
        asks = self._state.severity is not None
        return [
            one
            for one in self._state.messages
            if _waits(one)
            and (asks or one.gate.expires_at is not None)
            and about_gate(one.number, one.revision) not in self._state.escalations
        ]

    def _unwatched(self) -> list[str]:
        """What nobody looks after yet: what has just begun, or what an earlier run left."""
        return [about for about in self._state.escalations if about not in self._under_way]

    def _begin(self, message: MessageState) -> Escalation:
        return Escalation(
            message=message.number,
            revision=message.revision,
            since=workflow.now(),
            ladder=self._ladder(),
            wanted=message.gate.roles_needed(),
        )

    def _ladder(self) -> Ladder | None:
        """The ladder of the severity that the incident has now."""
        severity = self._state.severity
        return self._state.plan.ladder_for(severity) if severity is not None else None

    async def _watch(self, about: str) -> None:
        found = self._state.escalations[about]
        while found.over is None:
            message = self._waiting(found)
            if message is None:
                found.over = ending_of(self._state, found, workflow.now())
            elif self._sparing.whom(found, message) and workflow.patched(HOLDS):
                # Before another round begins, which forgets whom this one has asked.
                await self._sparing.spare(found, message)
            elif not self._expire(message):
                found.follow(self._ladder())
                found.want(message.gate.roles_needed(), workflow.now())
                await self._sparing.spare(found, message)
                await self._go_on(found, message)
        await self._sparing.end(found)
        del self._state.escalations[about], self._under_way[about]

    def _waiting(self, found: Escalation) -> MessageState | None:
        """The message, while exactly that revision waits at its gate."""
        if self._state.stage is Stage.CLOSED:
            return None
        for one in self._state.messages:
            if (one.number, one.revision) == (found.message, found.revision) and _waits(one):
                return one
        return None

    def _expire(self, message: MessageState) -> bool:
        """End a gate whose time is over; it never opens."""
        gate, now = message.gate, workflow.now()
        if gate.expires_at is None or now < gate.expires_at:
            return False
        message.gate = gate.model_copy(update={"expired": True})
        message.phase = MessagePhase.EXPIRED
        self._entries.expired(message)
        return True

    async def _go_on(self, found: Escalation, message: MessageState) -> None:
        """Do the next rung if it is due, or wait for it."""
        now, due, ends = workflow.now(), found.due_at(), message.gate.expires_at
        if found.owed_at is not None and found.owed_at <= now:
            self._note_release(found, await self._release(message), ())
            return
        if due is not None and due <= now:
            if await self._climb(found, message, due):
                return
            due = workflow.now() + RECORD_AGAIN
        times = (due, ends, found.owed_at, self._sparing.again_at(found))
        await self._wait(found, min(one for one in times if one is not None))

    async def _wait(self, found: Escalation, until: datetime) -> None:
        def changed() -> bool:
            message = self._waiting(found)
            if message is None or message.gate.roles_needed() != found.wanted:
                return True
            if self._ladder() != found.ladder:
                return True
            due = found.due_at()
            sooner = due is not None and due < until and not found.failed
            return sooner or bool(self._sparing.whom(found, message))

        left = until - workflow.now()
        if left > timedelta():
            with suppress(TimeoutError):
                await workflow.wait_condition(changed, timeout=left)

    async def _climb(self, found: Escalation, message: MessageState, due: datetime) -> bool:
        """Do the rung that is due; False if nobody could even be looked for."""
        rung, earlier = found.upcoming(), found.people()
        failure = await self._release_for(message) if rung is Rung.RELEASE_PREAPPROVED else None
        try:
            people, unreachable = await self._ask(found, message)
        except ActivityError as error:
            self._note_failure(found, explanation_of(error).what)
            following = found.ladder.after(rung) if found.ladder and rung else None
            if rung in ENDS or (following and workflow.now() - due >= following[1]):
                # What could not be asked must not keep the next rung from coming.
                found.skipped(workflow.now())
                self._note_end(found, rung, (), failure)
                return True
            return False
        found.climbed(unreachable, workflow.now())
        self._entries.asked(found, rung, people, earlier)
        self._note_end(found, rung, people, failure)
        self._entries.unreachable(found, rung, unreachable)
        return True

    async def _release_for(self, message: MessageState) -> Failure | None:
        """Let out what was approved beforehand; None if it goes out, or why it does not."""
        if message.kind not in RELEASES_FOR:
            return Failure(f"nothing goes out in place of a {message.kind}", passes=False)
        return await self._release(message)

    async def _ask(
        self, found: Escalation, message: MessageState
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Notify those whose turn it is; they, and those of them who cannot be reached."""
        state, step = self._state, found.step
        besides = tuple(sorted({message.author, *deciders(message)}))
        order = FindPeople(
            incident=state.incident, roles=found.wanted, besides=besides, severity=state.severity
        )
        there = await call(FIND_PEOPLE, order, ASKING)
        groups = Candidates(there.on_call, there.deputies, there.others)
        groups = groups.standing_in(
            in_force(state.delegations, workflow.now()), may_sign(state, message)
        )
        found.gone(one for one in found.people() if one not in groups.all)
        people = whom_to_ask(found, groups)
        if not people or state.severity is None:
            return (), ()
        found.asks(people, workflow.now())
        found.notified = True
        notify = Notify(
            incident=state.incident,
            about=found.about,
            step=step,
            reason=NotificationReason.DECIDE,
            people=people,
            severity=state.severity,
            message=message.number,
            due=message.gate.expires_at or message.next_update_by,
        )
        notified = await call(NOTIFY, notify, ASKING, priority=URGENT)
        known = {*notified.unreachable, *there.unreachable}
        return people, tuple(one for one in people if one in known)

    def _note_end(
        self,
        found: Escalation,
        rung: Rung | None,
        people: tuple[str, ...],
        failure: Failure | None,
    ) -> None:
        """Enter what the end of the ladder has brought."""
        if rung is Rung.RELEASE_PREAPPROVED:
            self._note_release(found, failure, people)
        elif rung in ENDS:
            self._entries.held(found, "", people)

    def _note_release(
        self, found: Escalation, failure: Failure | None, people: tuple[str, ...]
    ) -> None:
        """Enter what became of releasing something. What may pass is tried until it has."""
        first, found.owed_at = found.owed_at is None, None
        if failure is None:
            self._entries.released(found)
        elif failure.passes and workflow.patched(HOLDS):
            if self._waiting(found) is None:
                return
            found.owed_at = workflow.now() + RECORD_AGAIN
            if first:
                self._entries.not_released_yet(found, failure.why)
        else:
            self._entries.held(found, f"; {failure.why}", people)

    def _note_failure(self, found: Escalation, why: str) -> None:
        if not found.failed:
            self._entries.not_asked(found, why)
        found.failed = True


def _waits(message: MessageState) -> bool:
    return message.phase is MessagePhase.WAITING and message.gate.state is GateState.WAITING
