"""Sparing people: whoever has decided is asked no more, and everybody is told when it is over."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import END_NOTIFICATIONS, EndNotifications
    from domain.escalation import Escalation
    from domain.incident import IncidentState
    from domain.message_state import MessageState
    from workflows.calls import call, explanation_of
    from workflows.escalation_entries import EscalationEntries
    from workflows.patches import HOLDS
    from workflows.policies import ASKING, RECORD_AGAIN
    from workflows.until_done import until_done


class Unspared(NamedTuple):
    """Who has decided and could not be spared further asking, and when that is tried again."""

    people: set[str]
    again_at: datetime


class Sparing:
    """Ends notifications about gates: of one person, or of everybody."""

    def __init__(self, state: IncidentState, entries: EscalationEntries) -> None:
        self._state = state
        self._entries = entries
        self._unspared: dict[str, Unspared] = {}

    def whom(self, found: Escalation, message: MessageState) -> set[str]:
        """Who has decided and would still be asked; nobody while that was tried just now."""
        decided = deciders(message) & set(found.asked)
        unspared = self._unspared.get(found.about)
        if unspared is None:
            return decided
        return decided | unspared.people if workflow.now() >= unspared.again_at else set()

    def again_at(self, found: Escalation) -> datetime | None:
        """When it is tried again; None if it need not be."""
        unspared = self._unspared.get(found.about)
        return unspared.again_at if unspared else None

    async def spare(self, found: Escalation, message: MessageState) -> None:
        """Have nobody be asked who has decided, while others are still to."""
        people = self.whom(found, message)
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
        found.forget(people if workflow.patched(HOLDS) else deciders(message))

    async def end(self, found: Escalation) -> None:
        """Stop everybody's notifications, and have them told who ended it."""
        self._unspared.pop(found.about, None)
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
            self._entries.not_told(found, explanation_of(error).what, more)

        try:
            await until_done(self._state, lambda: call(END_NOTIFICATIONS, ending, ASKING), note)
        except ActivityError as error:
            note(error, "")


def deciders(message: MessageState) -> set[str]:
    """Who has decided there, themselves or through somebody else."""
    return {name for one in message.gate.decisions for name in (one.actor.person, one.authority)}
