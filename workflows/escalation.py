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
from typing import NamedTuple

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import (
        END_NOTIFICATIONS,
        NOTIFY,
        EndNotifications,
        Notify,
    )
    from activities.signatures.on_call import FIND_PEOPLE, FindPeople
    from domain.delegation import in_force
    from domain.escalation import ENDS, RELEASES_FOR, Escalation, Ladder, Rung, about_gate
    from domain.gate import GateState
    from domain.gate_endings import ending_of
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.notifications import NotificationNews, NotificationReason, NotificationState
    from domain.signing import may_sign
    from domain.stage import Stage
    from domain.whom_to_ask import Candidates, whom_to_ask
    from workflows.calls import Failure, call, explanation_of
    from workflows.hearing import read
    from workflows.patches import HOLDS
    from workflows.policies import ASKING, RECORD_AGAIN, URGENT
    from workflows.timeline import Timeline
    from workflows.until_done import until_done

Release = Callable[[MessageState], Awaitable[Failure | None]]
"""Lets out what was approved beforehand in place of a message; answers why not, or None."""


async def nothing_prepared(message: MessageState) -> Failure:
    """The answer of an incident that has nothing to release."""
    why = f"there is no holding statement to go out in place of message {message.number}"
    return Failure(why, passes=False)


class Unspared(NamedTuple):
    """Who has decided and could not be spared further asking, and when that is tried again."""

    people: set[str]
    again_at: datetime


class Escalating:
    """Asks people about every message that waits, and tells them when it is over."""

    def __init__(
        self, state: IncidentState, timeline: Timeline, release: Release = nothing_prepared
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._release = release
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._unspared: dict[str, Unspared] = {}

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
            acknowledged = news.state is NotificationState.ACKNOWLEDGED
            who = news.person if acknowledged else "frontfoot"
            what = "acknowledged" if acknowledged else "not reached"
            whom = "" if acknowledged else f"{news.person}, about "
            self._timeline.add(what, who, f"{whom}message {found.message}")

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
            elif self._to_be_spared(found, message) and workflow.patched(HOLDS):
                # Before another round begins, which forgets whom this one has asked.
                await self._spare(found, message)
            elif not self._expire(message):
                found.follow(self._ladder())
                found.want(message.gate.roles_needed(), workflow.now())
                await self._spare(found, message)
                await self._go_on(found, message)
        await self._end(found)
        self._unspared.pop(about, None)
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
        about = f"message {message.number} {message.digest[:8]}: undecided"
        self._timeline.add("expired", "frontfoot", about)
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
        unspared = self._unspared.get(found.about)
        times = (due, ends, found.owed_at, unspared.again_at if unspared else None)
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
            return sooner or bool(self._to_be_spared(found, message))

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
                self._tell_end(found, rung, (), failure)
                return True
            return False
        found.climbed(unreachable, workflow.now())
        self._tell(found, rung, people, earlier)
        self._tell_end(found, rung, people, failure)
        self._tell_unreachable(found, rung, unreachable)
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
        besides = tuple(sorted({message.author, *_deciders(message)}))
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

    def _tell(
        self,
        found: Escalation,
        rung: Rung | None,
        people: tuple[str, ...],
        earlier: tuple[str, ...],
    ) -> None:
        if not people or rung in ENDS:
            return
        what = "reminded" if rung in (Rung.REMIND, None) else "asked"
        silent = f"; no decision by {', '.join(earlier)}" if earlier else ""
        why = (
            {
                Rung.ASK: ", first in line",
                Rung.DEPUTY: f", as deputy{silent}",
                Rung.NEXT_ROLE: f", next in line{silent}",
            }.get(rung, "")
            if rung
            else ""
        )
        about = f"{', '.join(people)} about message {found.message}{why}"
        self._timeline.add(what, "frontfoot", about)

    def _tell_end(
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
            self._note_held(found, "", people)

    def _note_release(
        self, found: Escalation, failure: Failure | None, people: tuple[str, ...]
    ) -> None:
        """Enter what became of releasing something. What may pass is tried until it has."""
        first, found.owed_at = found.owed_at is None, None
        if failure is None:
            about = f"in place of message {found.message}, which still waits"
            self._timeline.add("holding statement released", "frontfoot", about)
        elif failure.passes and workflow.patched(HOLDS):
            if self._waiting(found) is None:
                return
            found.owed_at = workflow.now() + RECORD_AGAIN
            if first:
                about = f"in place of message {found.message}, tried again: {failure.why}"
                self._timeline.add("not released yet", "frontfoot", about)
        else:
            self._note_held(found, f"; {failure.why}", people)

    def _note_held(self, found: Escalation, why: str, people: tuple[str, ...]) -> None:
        again = f"; asked once more: {', '.join(people)}" if people else ""
        about = f"message {found.message}: nobody has decided{why}{again}"
        self._timeline.add("held", "frontfoot", about)

    def _tell_unreachable(
        self, found: Escalation, rung: Rung | None, unreachable: tuple[str, ...]
    ) -> None:
        if unreachable and rung not in (Rung.REMIND, None):
            about = f"{', '.join(unreachable)}, about message {found.message}"
            self._timeline.add("not reached", "frontfoot", about)
        if found.nobody_left() and rung in ENDS:
            who = ", ".join(found.people()) or "nobody was found"
            about = f"message {found.message}: nobody could be reached: {who}"
            self._timeline.add("nobody reached", "frontfoot", about)

    def _note_failure(self, found: Escalation, why: str) -> None:
        if not found.failed:
            self._timeline.add("not asked", "frontfoot", f"message {found.message}: {why}")
        found.failed = True

    def _to_be_spared(self, found: Escalation, message: MessageState) -> set[str]:
        """Who has decided and would still be asked; nobody while that was tried just now."""
        decided = _deciders(message) & set(found.asked)
        unspared = self._unspared.get(found.about)
        if unspared is None:
            return decided
        return decided | unspared.people if workflow.now() >= unspared.again_at else set()

    async def _spare(self, found: Escalation, message: MessageState) -> None:
        """Have nobody be asked who has decided, while others are still to."""
        people = self._to_be_spared(found, message)
        if not people:
            return
        spared = EndNotifications(
            incident=self._state.incident,
            about=found.about,
            ending="decided",
            at=workflow.now(),
            only=tuple(sorted(people)),
        )
        try:
            await call(END_NOTIFICATIONS, spared, ASKING)
        except ActivityError:
            if workflow.patched(HOLDS):
                # Whoever cannot be spared hears of it once more, and the ladder does not wait.
                self._unspared[found.about] = Unspared(people, workflow.now() + RECORD_AGAIN)
                return
        self._unspared.pop(found.about, None)
        found.forget(people if workflow.patched(HOLDS) else _deciders(message))

    async def _end(self, found: Escalation) -> None:
        """Stop everybody's notifications, and have them told who ended it."""
        if found.over is None or not found.notified:
            return
        ending = EndNotifications(
            incident=self._state.incident,
            about=found.about,
            ending=found.over.ending,
            at=found.over.at,
            by=found.over.by,
        )

        def note(error: ActivityError, more: str = ", tried again") -> None:
            about = f"message {found.message}: that it is over{more}: {explanation_of(error).what}"
            self._timeline.add("not told", "frontfoot", about)

        try:
            await until_done(self._state, lambda: call(END_NOTIFICATIONS, ending, ASKING), note)
        except ActivityError as error:
            note(error, "")


def _deciders(message: MessageState) -> set[str]:
    """Who has decided there, themselves or through somebody else."""
    return {name for one in message.gate.decisions for name in (one.actor.person, one.authority)}


def _waits(message: MessageState) -> bool:
    return message.phase is MessagePhase.WAITING and message.gate.state is GateState.WAITING
