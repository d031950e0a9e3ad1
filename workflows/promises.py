"""The promise clock of an incident: nobody who was told "next update by T" waits in silence.

Everything that it knows is in the incident's state, and what is left to do is read from there: a
continued or recovered run, or a worker that was down over T, goes on where the last one was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import (
        END_NOTIFICATIONS,
        EndNotifications,
    )
    from domain.cadence import first_word_by
    from domain.errors import DomainError
    from domain.incident import IncidentState
    from domain.message import MessageKind
    from domain.message_state import MessagePhase, MessageState
    from domain.notifications import NotificationNews, NotificationState
    from domain.promise_clock import (
        FIRST_WORD_NUMBER,
        KEEPING,
        UNDER_WAY_WAIT,
        Promise,
        PromiseState,
        Rung,
        open_promises,
        state_when_told,
    )
    from domain.times import show_moment
    from workflows.asking import Asking
    from workflows.calls import call, explanation_of
    from workflows.following_up import FollowingUp
    from workflows.hearing import read
    from workflows.policies import REMINDED
    from workflows.releasing import Releasing
    from workflows.timeline import Timeline

_ENDED = {
    PromiseState.KEPT: "promise kept",
    PromiseState.KEPT_BY_FALLBACK: "promise kept by fallback",
    PromiseState.MOVED: "promise moved",
    PromiseState.BROKEN: "promise broken",
}


class Promises:
    """Watches every promise, has people asked as it comes near, and says what became of it."""

    def __init__(self, state: IncidentState, timeline: Timeline, releasing: Releasing) -> None:
        self._state = state
        self._timeline = timeline
        self._releasing = releasing
        self._asking = Asking(state)
        self._following = FollowingUp(state, timeline)
        self._under_way: dict[tuple[int, str], asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Watch for as long as the incident lives; one of before severities has no clock."""
        await workflow.wait_condition(lambda: self._state.severity is not None)
        try:
            while True:
                # Before anything is awaited: what happens meanwhile must wake it again.
                before = self._seen()
                self._promise_the_first_word()
                self._take_in()
                self._climb()
                if self._following.due():
                    await self._following.start()
                await self._something(before)
        finally:
            for task in self._under_way.values():
                task.cancel()

    def quiet(self) -> bool:
        """Whether nobody is being asked, and no fallback written: the next run would forget it."""
        return not self._under_way and not self._following.due()

    def hear(self, said: Sequence[RawValue]) -> None:
        """Read the news that somebody acknowledged, or cannot be reached; ignore anything else."""
        news = read(said, NotificationNews)
        if news is None:
            return
        promise = next((one for one in self._state.promises if one.about == news.about), None)
        if promise is None or not promise.open:
            return
        if news.state is NotificationState.ACKNOWLEDGED:
            promise.answered_by(news.person)
        elif news.state is NotificationState.UNREACHABLE and news.person == promise.owner:
            self._begin(promise, Rung.DEPUTY)

    async def _something(self, before: object) -> None:
        """Wait until something is out, or a time has come."""
        if self._seen() != before:
            return
        plan = self._state.plan.promises
        times = [
            at
            for one in self._state.promises
            if (one.number, Rung.FALLBACK) not in self._under_way
            and (at := one.next_at(plan)) is not None
        ]
        left = max(min(times) - workflow.now(), timedelta()) if times else None
        try:
            await workflow.wait_condition(lambda: self._seen() != before, timeout=left)
        except TimeoutError:
            return

    def _seen(self) -> object:
        """All that can change what is to be done, beside the time."""
        state = self._state
        return (
            [(one.number, one.phase, len(one.reached)) for one in state.messages],
            [(one.due, one.state, one.climbed, one.fallback) for one in state.promises],
            [*self._under_way],
            state.severity,
        )

    # --- what became of it --------------------------------------------------------------------

    def _promise_the_first_word(self) -> None:
        state = self._state
        if state.severity is None or state.words or state.watched_from:
            return
        due = first_word_by(state.severity, state.opened_at)
        known = next((one for one in state.promises if one.number == FIRST_WORD_NUMBER), None)
        if known is not None:
            known.due = due if known.open else known.due
            return
        owner = self._asking.lead() or state.opened_by.person
        first = Promise(number=FIRST_WORD_NUMBER, owner=owner, made_at=state.opened_at, due=due)
        first.skip_passed(state.plan.promises)
        state.promises.append(first)

    def _take_in(self) -> None:
        """Enter the promises that are out, and what newer messages make of older ones."""
        state, now = self._state, workflow.now()
        for message in state.messages:
            if message.number > state.watched_from and message.reached:
                self._enter_promise(message, now)
        for message in state.messages:
            if not state.told(message):
                continue
            at = _told_at(message, now)
            if message.number not in state.heard:
                state.heard.append(message.number)
                if message.kind in KEEPING:
                    # The first and the latest: the whole state travels as one argument.
                    words = [*state.words, at]
                    state.words = sorted({min(words), max(words)})
            for promise in open_promises(state.promises):
                self._compare(promise, message, at)

    def _enter_promise(self, message: MessageState, now: datetime) -> None:
        state, due = self._state, message.next_update_by
        known = next((one for one in state.promises if one.number == message.number), None)
        channels = tuple(sorted(message.channels_reached()))
        if known is not None:
            known.channels = channels
            return
        if due is None:
            return
        owner = message.owner or message.author
        made = _told_at(message, now)
        promise = Promise(
            number=message.number, owner=owner, made_at=made, due=due, channels=channels
        )
        if message.by_itself:
            chain = [one.in_a_row for one in state.promises if one.fallback == message.number]
            promise.in_a_row = max(chain, default=0) + 1
        promise.skip_passed(state.plan.promises)
        state.promises.append(promise)
        self._timeline.add(
            "promise made", owner, f"{promise.in_words}: next update by {show_moment(due)}"
        )

    def _compare(self, promise: Promise, message: MessageState, at: datetime) -> None:
        if message.number == promise.number:
            return
        since = message.approved_at or message.proposed_at
        over = message.kind is MessageKind.RESOLUTION_NOTE and at >= promise.made_at
        newer = over or message.number > promise.number or since >= promise.made_at
        lost = {one.channel for one in self._state.quarantines}
        there = (
            bool(set(promise.channels) & message.channels_reached())
            # Where it was promised, nobody can be told any more.
            or set(promise.channels) <= lost
            or not promise.public
            or promise.fallback == message.number
        )
        becomes = state_when_told(
            promise, message.kind, message.next_update_by, at, fallback=message.by_itself
        )
        if not newer or not there or becomes is None:
            return
        promise.end(becomes, at, message.number)
        if not message.by_itself:
            promise.answered_by(message.author)
        self._note_end(promise, message.author)

    def _break(self, promise: Promise, why: str) -> None:
        promise.end(PromiseState.BROKEN, workflow.now(), why=why)
        self._note_end(promise, "frontfoot")
        self._begin(promise, "broken")

    def _note_end(self, promise: Promise, who: str) -> None:
        late = promise.late_by()
        by = f" by message {promise.ended_by}" if promise.ended_by else ""
        more = f", {_minutes(late.total_seconds())} late" if late else ""
        why = f": {promise.why}" if promise.why else ""
        about = f"{promise.in_words}{by}{more}{why}"
        what = _ENDED[promise.state] if promise.public else _first_word(promise)
        self._timeline.add(what, who, about)
        if Rung.REMIND in promise.climbed or Rung.DEPUTY in promise.climbed:
            self._start(promise, "end", self._end(promise, who))
        promise.forget()

    # --- what is done about it ----------------------------------------------------------------

    def _climb(self) -> None:
        plan, now = self._state.plan.promises, workflow.now()
        for promise in open_promises(self._state.promises):
            if promise.fallback is not None:
                self._judge_fallback(promise, now)
                continue
            rung = promise.due_rung(now, plan)
            if rung is Rung.FALLBACK:
                self._fall_back(promise, now)
            elif rung is not None:
                self._begin(promise, rung)

    def _judge_fallback(self, promise: Promise, now: datetime) -> None:
        message = self._state.message(promise.fallback or 0)
        # An update that somebody has just approved overtakes it, and may keep the promise still.
        over = message.phase is not MessagePhase.PUBLISHING and not self._on_its_way(promise)
        if over or promise.fallback_failed(now, self._state.plan.promises):
            self._break(promise, f"Message {message.number} did not get out.")

    def _fall_back(self, promise: Promise, now: datetime) -> None:
        if Rung.EVERYBODY not in promise.climbed:
            self._begin(promise, Rung.EVERYBODY)
        if not promise.public:
            promise.climb(Rung.FALLBACK)
            self._break(promise, "It is not out.")
            return
        if self._on_its_way(promise):
            promise.held_since = promise.held_since or now
            if now < promise.held_since + UNDER_WAY_WAIT:
                return
        if promise.in_a_row >= self._state.plan.promises.fallbacks:
            promise.climb(Rung.FALLBACK)
            self._break(promise, "No more statements go out by themselves.")
            return
        self._start(promise, Rung.FALLBACK, self._publish_fallback(promise))

    def _on_its_way(self, promise: Promise) -> bool:
        return any(
            one.number > promise.number
            and one.kind in KEEPING
            and one.phase is MessagePhase.PUBLISHING
            for one in self._state.messages
        )

    async def _publish_fallback(self, promise: Promise) -> None:
        try:
            message = await self._releasing.still_working(promise.owner, promise.due)
        except DomainError as error:
            why = error.explanation.what
        except ActivityError as error:
            why = explanation_of(error).what
        else:
            promise.fallback, promise.fallback_at = message.number, workflow.now()
            promise.climb(Rung.FALLBACK)
            return
        promise.climb(Rung.FALLBACK)
        if promise.open:
            self._break(promise, why)

    def _begin(self, promise: Promise, step: Rung | str) -> None:
        if isinstance(step, Rung):
            promise.climb(step)
        self._start(promise, step, self._ask(promise, step))

    def _start(
        self, promise: Promise, step: Rung | str, work: Coroutine[object, object, None]
    ) -> None:
        place = (promise.number, str(step))
        if place in self._under_way:
            work.close()
            return
        self._under_way[place] = asyncio.create_task(self._do(place, work))

    async def _do(self, place: tuple[int, str], work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except ActivityError as error:
            why = explanation_of(error).what
            self._timeline.add("nobody was reminded", "frontfoot", f"promise {place[0]}: {why}")
        finally:
            del self._under_way[place]

    async def _ask(self, promise: Promise, step: Rung | str) -> None:
        """Have the people of one rung asked. Passed on at once if none of them can be reached."""
        asked = await self._asking.ask(promise, step)
        if asked.people:
            self._timeline.add("promise near", "frontfoot", f"{promise.in_words}: asked {asked}")
        if asked.nobody and promise.open and step in (Rung.REMIND, Rung.DEPUTY):
            following = list(Rung)[list(Rung).index(Rung(step)) + 1]
            self._timeline.add("nobody could be reached", "frontfoot", promise.in_words)
            self._begin(promise, following)

    async def _end(self, promise: Promise, who: str) -> None:
        roster = {one.id for one in self._state.plan.roster}
        order = EndNotifications(
            incident=self._state.incident,
            about=promise.about,
            ending=promise.state.value,
            at=promise.ended_at or workflow.now(),
            by=who if who in roster else None,
        )
        await call(END_NOTIFICATIONS, order, REMINDED)


def _told_at(message: MessageState, now: datetime) -> datetime:
    """When a message that is out was: the latest receipt, which may be older than the news of it.

    The worker may have been down in between; of a broadcast that goes on there is no receipt yet.
    """
    receipts = [one.receipt.at for one in message.outcomes.values() if one.receipt]
    return min(now, max(receipts, default=now))


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min"


def _first_word(promise: Promise) -> str:
    return "first word late" if promise.state is PromiseState.BROKEN else "first word out"
