"""Notifications about the promises of an incident: one thing after another about each promise.

Asking people and ending that are two calls of the ledger, and either may take its time. Side by
side the end could come first, and somebody would be asked for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import datetime
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import END_NOTIFICATIONS, EndNotifications
    from domain.incident import IncidentState
    from domain.promise_clock import BROKEN, LATE, Promise, Rung
    from workflows.asking import Asking
    from workflows.calls import call, failure_of
    from workflows.patches import HOLDS
    from workflows.policies import REMINDED
    from workflows.timeline import Timeline
    from workflows.until_done import until_done

Result = TypeVar("Result")

_ASKED_AS = {LATE: "told of a late promise", BROKEN: "told of a broken promise"}
"""What the timeline calls asking people, where the time has passed."""


class PromiseNotifications:
    """Has people asked, and has that ended. ``under_way``, by promise and step, is what goes on."""

    def __init__(self, state: IncidentState, timeline: Timeline) -> None:
        self._state = state
        self._timeline = timeline
        self._asking = Asking(state)
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.under_way: dict[tuple[int, str], asyncio.Task[None]] = {}

    def start(self, promise: Promise, step: str, work: Coroutine[object, object, None]) -> None:
        """Begin ``work`` about a promise, unless the same is under way."""
        place = (promise.number, str(step))
        if place in self.under_way:
            work.close()
            return
        self.under_way[place] = asyncio.create_task(self._do(place, work))

    def cancel(self) -> None:
        """Let go of everything that is under way."""
        for task in self.under_way.values():
            task.cancel()

    def begin(self, promise: Promise, rung: Rung) -> None:
        """Take a rung, and have its people asked."""
        promise.climb(rung)
        self.start(promise, rung, self._ask(promise, rung))

    def remark(self, promise: Promise, why: str) -> None:
        """Tell everybody, once for each promise, that neither update nor statement is out yet."""
        if promise.remark(why):
            self._timeline.add("promise late", "frontfoot", f"{promise.in_words}: {why}")
            self.start(promise, LATE, self._ask(promise, LATE))

    def broken(self, promise: Promise) -> None:
        """Tell everybody that it was broken, until somebody has heard or an update is out."""
        if workflow.patched(HOLDS):
            self._state.notified_broken.append(promise.number)
        self.start(promise, BROKEN, self._ask(promise, BROKEN))

    def end(self, promise: Promise, who: str) -> None:
        """Ask nobody about a promise any more, and tell those who were what became of it."""
        at = promise.ended_at or workflow.now()
        over = self._end(promise, promise.about, promise.state.value, who, at)
        self.start(promise, "end", over)

    def end_broken(self, promise: Promise, ending: str, who: str) -> None:
        """Tell nobody any more that a promise was broken, where somebody is still told."""
        if promise.number in self._state.notified_broken:
            self._state.notified_broken.remove(promise.number)
            over = self._end(promise, promise.about_broken, ending, who, workflow.now())
            self.start(promise, "end broken", over)

    async def _do(self, place: tuple[int, str], work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except ActivityError as error:
            self._note_failure(place[0], error)
        finally:
            del self.under_way[place]

    async def _ask(self, promise: Promise, step: str) -> None:
        """Have the people of one step asked. Passed on at once if none of them can be reached."""

        def over() -> bool:
            notified = promise.number in self._state.notified_broken
            wanted = notified if step == BROKEN else promise.open
            return not wanted and workflow.patched(HOLDS)

        async with self._in_turn(promise):
            if over():
                return
            if isinstance(step, Rung):
                asked = await self._asking.ask(promise, step, over)
            else:
                # No rung follows that would ask anybody.
                asked = await self._until_done(
                    promise, lambda: self._asking.ask(promise, step, over)
                )
            if asked.people:
                about = f"{promise.in_words}: asked {asked}"
                self._timeline.add(_ASKED_AS.get(step, "promise near"), "frontfoot", about)
            if asked.nobody and promise.open and step in (Rung.REMIND, Rung.DEPUTY):
                following = list(Rung)[list(Rung).index(Rung(step)) + 1]
                self._timeline.add("nobody could be reached", "frontfoot", promise.in_words)
                self.begin(promise, following)

    async def _end(self, promise: Promise, about: str, ending: str, who: str, at: datetime) -> None:
        roster = {one.id for one in self._state.plan.roster}
        order = EndNotifications(
            incident=self._state.incident,
            about=about,
            ending=ending,
            at=at,
            by=who if who in roster else None,
        )
        async with self._in_turn(promise):
            await self._until_done(promise, lambda: call(END_NOTIFICATIONS, order, REMINDED))

    @contextlib.asynccontextmanager
    async def _in_turn(self, promise: Promise) -> AsyncIterator[None]:
        turn = self._turns[promise.number]
        if turn.locked() and not workflow.patched(HOLDS):
            yield
            return
        async with turn:
            yield

    async def _until_done(self, promise: Promise, do: Callable[[], Awaitable[Result]]) -> Result:
        return await until_done(
            self._state, do, lambda error: self._note_failure(promise.number, error)
        )

    def _note_failure(self, number: int, error: ActivityError) -> None:
        about = f"promise {number}: {failure_of(error).why}"
        self._timeline.add("nobody was reminded", "frontfoot", about)
