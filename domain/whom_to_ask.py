"""Whom to ask on one rung of a ladder, among those who could decide now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.delegation import Delegation, stand_ins
from domain.escalation import Escalation, Rung
from domain.notifications import NotificationState

_WAITING = NotificationState.WAITING


class Candidates(NamedTuple):
    """Who could be found, in the order in which they are asked; nobody is in two of them."""

    on_call: Sequence[str] = ()
    deputies: Sequence[str] = ()
    others: Sequence[str] = ()

    def standing_in(self, delegations: Sequence[Delegation], may_sign: Iterable[str]) -> Candidates:
        """The same with those who may sign now, and stand-ins in place of who has delegated."""
        allowed, seen = set(may_sign), set[str]()
        groups = []
        for group in self:
            found: list[str] = []
            for person in group:
                instead = [one for one in stand_ins(delegations, person) if one in allowed]
                for one in instead or [person]:
                    if one in allowed and one not in seen:
                        found.append(one)
                        seen.add(one)
            groups.append(tuple(found))
        return Candidates(*groups)

    @property
    def all(self) -> tuple[str, ...]:
        """Everybody who was found."""
        return (*self.on_call, *self.deputies, *self.others)


def whom_to_ask(escalation: Escalation, found: Candidates) -> tuple[str, ...]:
    """Whom to ask on the rung that comes next, nobody who has acknowledged."""
    match escalation.upcoming():
        case Rung.ASK:
            people = found.on_call or found.deputies or found.others
        case Rung.REMIND:
            # Whoever cannot be reached is tried again at the end of the ladder.
            waiting = {one.person for one in escalation.asked.values() if one.state is _WAITING}
            people = tuple(one for one in found.all if one in waiting)
        case Rung.DEPUTY:
            people = tuple(one for one in found.deputies if not escalation.was_asked_before(one))
        case Rung.NEXT_ROLE:
            people = tuple(one for one in found.all if not escalation.was_asked_before(one))
        case _:
            people = found.all
    return tuple(one for one in people if escalation.may_be_asked(one))
