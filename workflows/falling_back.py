"""The statement that goes out when nobody keeps a promise: published, tried again, or left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.errors import DomainError
    from domain.fallback import (
        NOT_OUT,
        Step,
        in_a_row,
        look_at,
        next_move,
        on_its_way,
        overtaken,
        resolution_since,
        waits,
    )
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.promise_clock import Promise, PromiseState, Rung
    from workflows.calls import Failure, failure_of
    from workflows.patches import HOLDS
    from workflows.policies import RECORD_AGAIN
    from workflows.promise_notifications import PromiseNotifications
    from workflows.releasing import Releasing

Break = Callable[[Promise, str], None]
"""Ends a promise as broken, and says why."""


class FallingBack:
    """Publishes the statement of a promise once, or says why nothing goes out.

    A failure that may pass breaks no promise before its time, and does not cost the statement:
    it is tried again until it is out, or says nothing any more.
    """

    def __init__(
        self,
        state: IncidentState,
        releasing: Releasing,
        notifications: PromiseNotifications,
        break_: Break,
    ) -> None:
        self._state = state
        self._releasing = releasing
        self._notifications = notifications
        self._break = break_

    def look(self, promise: Promise, now: datetime) -> None:
        """Do what an open promise needs whose grace is over, or whose statement is under way."""
        if not promise.public:
            promise.climb(Rung.FALLBACK)
            self._break(promise, "It is not out.")
            return
        held = promise.held_since is not None and not on_its_way(self._state, promise)
        if held and workflow.patched(HOLDS):
            # The next update that is on its way is waited for anew.
            promise.held_since = None
        move = next_move(self._state, promise, now, self._resolution(promise))
        match move.step:
            case Step.REMARK:
                self._notifications.remark(promise, move.why)
            case Step.BREAK:
                promise.climb(Rung.FALLBACK)
                self._break(promise, move.why)
            case Step.PUBLISH if self._spent(promise):
                promise.climb(Rung.FALLBACK)
                self._break(promise, "No more statements go out by themselves.")
            case Step.PUBLISH:
                self._notifications.start(promise, Rung.FALLBACK, self._publish(promise))
            case Step.WAIT:
                pass

    def look_after(self, promise: Promise, now: datetime) -> None:
        """Do what a broken promise still needs: its statement is owed, or under way."""
        if promise.again_at is None:
            if promise.fallback is not None and self._under_way(promise) is None:
                promise.forget()
        elif overtaken(self._state, promise) or self._spent(promise):
            promise.forget()
        elif promise.again_at <= now:
            if on_its_way(self._state, promise):
                promise.again_at = now + RECORD_AGAIN
            else:
                self._notifications.start(promise, Rung.FALLBACK, self._publish(promise))

    def look_at(self, promise: Promise) -> datetime | None:
        """When to look at a promise again, if nothing happens before; None if there is no time."""
        trying = (promise.number, Rung.FALLBACK) in self._notifications.under_way
        return look_at(self._state, promise, self._resolution(promise), trying=trying)

    def goes_on(self, promise: Promise) -> bool:
        """Whether a promise that has just been broken has a statement that is still to come."""
        if promise.state is not PromiseState.BROKEN:
            return False
        owed = promise.again_at is not None or self._under_way(promise) is not None
        return owed and workflow.patched(HOLDS)

    def _under_way(self, promise: Promise) -> MessageState | None:
        if promise.fallback is None:
            return None
        message = self._state.message(promise.fallback)
        return message if message.phase is MessagePhase.PUBLISHING else None

    def _resolution(self, promise: Promise) -> MessageState | None:
        found = resolution_since(self._state, promise)
        return found if found is not None and workflow.patched(HOLDS) else None

    def _spent(self, promise: Promise) -> bool:
        """Whether so many statements went out in a row that no other may."""
        most = self._state.plan.promises.fallbacks
        spent, before = in_a_row(self._state) >= most, promise.in_a_row >= most
        return spent if spent == before or workflow.patched(HOLDS) else before

    def _wanted(self, promise: Promise) -> bool:
        """Whether the statement still says something: things happen while it is being rendered."""
        if not promise.open:
            return promise.again_at is not None and not on_its_way(self._state, promise)
        return not waits(self._state, promise, workflow.now())

    async def _publish(self, promise: Promise) -> None:
        began = workflow.now()
        try:
            message = await self._releasing.still_working(promise, lambda: self._wanted(promise))
        except (DomainError, ActivityError) as error:
            self._note_failure(promise, failure_of(error), began)
        else:
            promise.climb(Rung.FALLBACK)
            promise.goes_out_as(message.number, workflow.now())

    def _note_failure(self, promise: Promise, failure: Failure, began: datetime) -> None:
        if failure.passes and workflow.patched(HOLDS):
            if not self._wanted(promise) or self._resolution(promise) is not None:
                # Something else was faster: what to do now is read from the state.
                return
            promise.try_again(began, workflow.now() + RECORD_AGAIN)
            if promise.open:
                self._notifications.remark(promise, f"{NOT_OUT}: {failure.why}")
            return
        promise.climb(Rung.FALLBACK)
        promise.again_at = None
        if promise.open:
            self._break(promise, failure.why)
        else:
            promise.forget()
