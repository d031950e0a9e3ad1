"""The scorecard of an incident: whether we said what we had promised to say, in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.model import Value
from domain.promise_clock import FIRST_WORD_NUMBER, Promise, PromiseState
from domain.roster import PersonId


class PromiseStatus(Value):
    """One promise, for a person. ``late_by`` is zero for what was in time.

    ``why`` says why it was broken or, while it is open, why neither update nor statement is out.
    """

    number: int
    owner: PersonId
    made_at: datetime
    due: datetime
    state: PromiseState = PromiseState.OPEN
    ended_at: datetime | None = None
    ended_by: int | None = None
    late_by: timedelta = timedelta()
    why: str = ""
    answered: tuple[PersonId, ...] = ()


class Scorecard(Value):
    """How public promises ended. ``late`` of those that were kept were so within the grace.

    ``first_word_by`` is by when the first word should have been out, and ``first_word_at`` when it
    was; both are None in an incident of before severities. ``answered`` are the people who took
    promises on, in the order in which they did so first.
    """

    open: int = 0
    kept: int = 0
    late: int = 0
    kept_by_fallback: int = 0
    moved: int = 0
    broken: int = 0
    first_word_by: datetime | None = None
    first_word_at: datetime | None = None
    answered: tuple[PersonId, ...] = ()

    @property
    def promises(self) -> int:
        """How many were made."""
        return self.open + self.kept + self.kept_by_fallback + self.moved + self.broken


def promise_status(promise: Promise) -> PromiseStatus:
    """A promise as it stands."""
    content = promise.model_dump(exclude={"channels", "climbed", "in_a_row"})
    return PromiseStatus(**content, late_by=promise.late_by())


def scorecard_of(promises: Sequence[Promise], first_word_at: datetime | None) -> Scorecard:
    """The scorecard of an incident whose first word was out at ``first_word_at``, if it was."""
    public = [one for one in promises if one.public]

    def count(state: PromiseState) -> int:
        return sum(one.state is state for one in public)

    first = next((one for one in promises if one.number == FIRST_WORD_NUMBER), None)
    kept = [one for one in public if one.state is PromiseState.KEPT]
    return Scorecard(
        open=count(PromiseState.OPEN),
        kept=len(kept),
        late=sum(bool(one.late_by()) for one in kept),
        kept_by_fallback=count(PromiseState.KEPT_BY_FALLBACK),
        moved=count(PromiseState.MOVED),
        broken=count(PromiseState.BROKEN),
        first_word_by=first.due if first else None,
        first_word_at=first_word_at,
        answered=tuple(dict.fromkeys(person for one in promises for person in one.answered)),
    )
