"""The promise clock of an incident: nobody who was told "next update by T" waits in silence.

Everything that it knows is in the incident's state, and what is left to do is read from there: a
continued or recovered run, or a worker that was down over T, goes on where the last one was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.cadence import first_word_by
    from domain.fallback import is_newer
    from domain.incident import IncidentState
    from domain.message import MessageKind
    from domain.message_state import MessageState
    from domain.notifications import NotificationNews, NotificationState
    from domain.promise_clock import (
        ENDED_AS,
        FIRST_WORD_NUMBER,
        KEEPING,
        Promise,
        PromiseState,
        Rung,
        open_promises,
        state_when_told,
    )
    from domain.times import show_moment
    from workflows.asking import lead_of
    from workflows.falling_back import FallingBack
    from workflows.following_up import FollowingUp
    from workflows.hearing import read
    from workflows.patches import HOLDS
    from workflows.promise_notifications import PromiseNotifications
    from workflows.releasing import Releasing
    from workflows.timeline import Timeline


class Promises:
    """Watches every promise, has people asked as it comes near, and says what became of it."""

    def __init__(self, state: IncidentState, timeline: Timeline, releasing: Releasing) -> None:
        self._state = state
        self._timeline = timeline
        self._notifications = PromiseNotifications(state, timeline)
        self._falling = FallingBack(state, releasing, self._notifications, self._break)
        self._following = FollowingUp(state, timeline)

    async def keep(self) -> None:
        """Watch for as long as the incident lives; one of before severities has no clock."""
        await workflow.wait_condition(lambda: self._state.severity is not None)
        try:
            while True:
                # Before anything is awaited: what happens meanwhile must wake it again.
                before = self._seen()
                self.look()
                if self._following.due():
                    await self._following.start()
                await self._something(before)
        finally:
            self._notifications.cancel()

    def look(self) -> None:
        """Take in what is out by now, and begin what is due; waits for nothing."""
        self._promise_the_first_word()
        self._take_in()
        self._climb()

    def quiet(self) -> bool:
        """Whether nobody is being asked, and no fallback written: the next run would forget it."""
        return not self._notifications.under_way and not self._following.due()

    def hear(self, said: Sequence[RawValue]) -> None:
        """Read the news that somebody acknowledged, or cannot be reached; ignore anything else."""
        news = read(said, NotificationNews)
        if news is None:
            return
        acknowledged = news.state is NotificationState.ACKNOWLEDGED
        for promise in self._state.promises:
            if news.about == promise.about_broken and acknowledged:
                self._notifications.end_broken(promise, "acknowledged", news.person)
            elif news.about != promise.about or not promise.open:
                continue
            elif acknowledged:
                promise.answered_by(news.person)
            elif news.state is NotificationState.UNREACHABLE and news.person == promise.owner:
                self._notifications.begin(promise, Rung.DEPUTY)

    async def _something(self, before: object) -> None:
        """Wait until something is out, or a time has come."""
        if self._seen() != before:
            return
        looks = [self._falling.look_at(one) for one in self._state.promises]
        times = [one for one in looks if one is not None]
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
            [
                (one.due, one.state, one.climbed, one.fallback, one.again_at)
                for one in state.promises
            ],
            [*self._notifications.under_way],
            state.severity,
            self._lost(),
        )

    def _lost(self) -> object:
        """The channels that count no more: without them people may have been told."""
        lost = [one.channel for one in self._state.quarantines]
        return lost if lost and workflow.patched(HOLDS) else []

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
        owner = lead_of(state.plan) or state.opened_by.person
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
                    self._note_late_word(message, at)
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
            # For runs of before the statements were counted: see FallingBack.
            chain = [one.in_a_row for one in state.promises if one.fallback == message.number]
            promise.in_a_row = max(chain, default=0) + 1
        plan = state.plan.promises
        promise.skip_passed(plan)
        if promise.at(Rung.FALLBACK, plan) <= made and not workflow.patched(HOLDS):
            promise.climb(Rung.FALLBACK)
        state.promises.append(promise)
        self._timeline.add(
            "promise made", owner, f"{promise.in_words}: next update by {show_moment(due)}"
        )

    def _compare(self, promise: Promise, message: MessageState, at: datetime) -> None:
        if message.number == promise.number:
            return
        over = message.kind is MessageKind.RESOLUTION_NOTE and at >= promise.made_at
        newer = over or is_newer(promise, message)
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

    def _note_late_word(self, message: MessageState, at: datetime) -> None:
        """An update is out: nobody has to be told any more that an earlier promise was broken."""
        for promise in self._state.promises:
            if promise.open:
                continue
            self._notifications.end_broken(promise, "an update is out", message.author)
            if promise.state is PromiseState.BROKEN and promise.fallback == message.number:
                late = _minutes((at - promise.due).total_seconds())
                about = f"{promise.in_words} by message {message.number}, {late} late"
                self._timeline.add("statement out late", "frontfoot", about)
                promise.forget()

    def _break(self, promise: Promise, why: str) -> None:
        promise.end(PromiseState.BROKEN, workflow.now(), why=why)
        self._note_end(promise, "frontfoot")
        self._notifications.broken(promise)

    def _note_end(self, promise: Promise, who: str) -> None:
        late = promise.late_by()
        by = f" by message {promise.ended_by}" if promise.ended_by else ""
        more = f", {_minutes(late.total_seconds())} late" if late else ""
        why = f": {promise.why}" if promise.why else ""
        what = ENDED_AS[promise.state] if promise.public else _first_word(promise)
        self._timeline.add(what, who, f"{promise.in_words}{by}{more}{why}")
        if Rung.REMIND in promise.climbed or Rung.DEPUTY in promise.climbed:
            self._notifications.end(promise, who)
        if not self._falling.goes_on(promise):
            promise.forget()

    # --- what is done about it ----------------------------------------------------------------

    def _climb(self) -> None:
        plan, now = self._state.plan.promises, workflow.now()
        for promise in open_promises(self._state.promises):
            rung = promise.due_rung(now, plan)
            if promise.fallback is not None:
                self._falling.look(promise, now)
            elif rung is Rung.FALLBACK:
                if Rung.EVERYBODY not in promise.climbed:
                    self._notifications.begin(promise, Rung.EVERYBODY)
                self._falling.look(promise, now)
            elif rung is not None:
                self._notifications.begin(promise, rung)
        for promise in self._state.promises:
            if promise.state is PromiseState.BROKEN:
                self._falling.look_after(promise, now)


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
