"""Asking our own people to keep a promise: who is asked at which rung."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import NOTIFY, Notify
    from activities.signatures.on_call import FIND_PEOPLE, FindPeople
    from domain.incident import IncidentState
    from domain.message import MessageKind
    from domain.notifications import NotificationReason
    from domain.playbook import Playbook
    from domain.promise_clock import BROKEN, LATE, Promise, Rung
    from domain.roster import roles_of
    from domain.severity import UNLESS_SAID
    from workflows.calls import call
    from workflows.policies import REMINDED

COMMS_LEAD = "comms_lead"
"""The role that speaks, where nobody else was named."""

_REASONS: Mapping[str, NotificationReason] = {
    Rung.REMIND: NotificationReason.PROMISE_NEAR,
    Rung.DEPUTY: NotificationReason.PROMISE_NEAR,
    Rung.EVERYBODY: NotificationReason.PROMISE_DUE,
    LATE: NotificationReason.PROMISE_DUE,
    BROKEN: NotificationReason.PROMISE_BROKEN,
}


def lead_of(plan: Playbook) -> str | None:
    """Who speaks where nobody was named; None if the roster has no such role."""
    return next((one.id for one in plan.roster if COMMS_LEAD in one.roles), None)


class Asked(NamedTuple):
    """Who was asked, and who of them has no contact method that could be used."""

    people: tuple[str, ...]
    unreachable: tuple[str, ...]

    @property
    def nobody(self) -> bool:
        """Whether nobody of them could be reached."""
        return set(self.people) <= set(self.unreachable)

    def __str__(self) -> str:
        unreached = f"; {', '.join(self.unreachable)} cannot be reached" if self.unreachable else ""
        return f"{', '.join(self.people)}{unreached}"


class Asking:
    """Finds the people of a rung and has them notified. It knows nothing of how."""

    def __init__(self, state: IncidentState) -> None:
        self._state = state

    async def ask(self, promise: Promise, step: str, over: Callable[[], bool]) -> Asked:
        """Notify the people of ``step`` about ``promise``, unless that is ``over`` by then.

        Raises ``ActivityError``.
        """
        people = await self._people(promise, step)
        if not people or over():
            return Asked((), ())
        order = Notify(
            incident=self._state.incident,
            about=promise.about_broken if step == BROKEN else promise.about,
            step=str(step),
            reason=_REASONS[step],
            people=people,
            severity=self._state.severity or UNLESS_SAID,
            message=promise.number if promise.public else None,
            due=promise.due,
        )
        notified = await call(NOTIFY, order, REMINDED)
        return Asked(people, notified.unreachable)

    async def _people(self, promise: Promise, step: str) -> tuple[str, ...]:
        if step is Rung.REMIND:
            return (promise.owner,)
        roles = roles_of(self._state.plan.roster).get(promise.owner) or (COMMS_LEAD,)
        if step is not Rung.DEPUTY:
            gate = self._state.plan.gate_of(MessageKind.PROGRESS_UPDATE)
            roles = tuple(dict.fromkeys((*roles, COMMS_LEAD, *(gate.roles if gate else ()))))
        order = FindPeople(
            incident=self._state.incident,
            roles=roles,
            besides=(promise.owner,),
            severity=self._state.severity,
        )
        found = await call(FIND_PEOPLE, order, REMINDED)
        if step is Rung.DEPUTY:
            return (*found.on_call, *found.deputies) or found.others[:1]
        return (promise.owner, *found.on_call, *found.deputies, *found.others)
