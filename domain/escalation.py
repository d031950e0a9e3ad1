"""Escalation: who is asked next, and when, at a gate that nobody decides.

A playbook has a ladder for each severity. Its times run from the moment at which a gate began to
wait, day and night: no office hours hold them up. When everybody who was asked cannot be reached
the next rung comes at once, and the time between two rungs stays what it was.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, Field, model_validator

from domain.duration import Duration
from domain.message import MessageKind
from domain.model import Value, Written
from domain.notifications import NotificationState
from domain.plan_problems import PlanProblem
from domain.roster import PersonId, Role
from domain.severity import Severity

LONGEST_PAUSE = timedelta(days=1)
"""The longest pause between two reminders about a gate whose ladder has come to its end."""


class Rung(StrEnum):
    """One step of a ladder, in the order in which they come."""

    ASK = "ask"
    """Whoever is on call is asked, at once."""

    REMIND = "remind"
    """The same people once more, apart from those who have acknowledged."""

    DEPUTY = "deputy"
    NEXT_ROLE = "next_role"
    """Everybody else whose role signs here."""

    HOLD = "hold"
    """Nothing goes out by itself: everybody is asked again, and once more after ever longer."""

    RELEASE_PREAPPROVED = "release_preapproved"
    """What was approved beforehand goes out in its place."""


ENDS = (Rung.HOLD, Rung.RELEASE_PREAPPROVED)
RELEASES_FOR = (MessageKind.ANNOUNCEMENT, MessageKind.PROGRESS_UPDATE)
"""The kinds of message in whose place something approved beforehand may go out."""


class Ladder(Written):
    """When each rung comes after the gate began to wait; exactly one of the last two ends it."""

    remind: Duration | None = None
    deputy: Duration | None = None
    next_role: Duration | None = None
    hold: Duration | None = None
    release_preapproved: Duration | None = None

    @model_validator(mode="after")
    def _climbs(self) -> Ladder:
        if (self.hold is None) is (self.release_preapproved is None):
            raise ValueError(
                "a ladder ends with `hold` or with `release_preapproved`, and not both"
            )
        times = [after for _, after in self.steps()]
        if any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise ValueError("each rung comes later than the one before: remind, deputy, next_role")
        return self

    def steps(self) -> tuple[tuple[Rung, timedelta], ...]:
        """The rungs that there are, in their order, with their times."""
        planned = [(Rung.ASK, timedelta()), *((one, getattr(self, one)) for one in list(Rung)[1:])]
        return tuple((rung, after) for rung, after in planned if after is not None)

    def after(self, rung: Rung) -> tuple[Rung, timedelta] | None:
        """The next rung, and how long after this one; None after an end.

        This ladder need not have ``rung``: the severity may have changed since that was done.
        """
        order = list(Rung)
        earlier = timedelta()
        for one, time in self.steps():
            if order.index(one) <= order.index(rung):
                earlier = time
            elif rung not in ENDS:
                return one, time - earlier
        return None

    @property
    def last_pause(self) -> timedelta:
        """The time between its last two rungs."""
        (_, earlier), (_, later) = self.steps()[-2:]
        return later - earlier


def _ladder(remind: int, deputy: int, next_role: int, hold: int) -> Ladder:
    minutes = [timedelta(minutes=one) for one in (remind, deputy, next_role, hold)]
    return Ladder(remind=minutes[0], deputy=minutes[1], next_role=minutes[2], hold=minutes[3])


DEFAULT_LADDERS: Mapping[Severity, Ladder] = {
    Severity.CRITICAL: _ladder(2, 4, 7, 15),
    Severity.MAJOR: _ladder(5, 10, 20, 40),
    Severity.MINOR: _ladder(15, 30, 60, 240),
}
"""For playbooks that say nothing: fast enough for the first word of each severity."""


def escalation_problems(ladders: Mapping[Severity, Ladder]) -> Iterable[PlanProblem]:
    """What is odd about the ladders of a plan, taken together."""
    known = [(one, ladders[one].steps()[-1][1]) for one in sorted(ladders)]
    for (worse, slow), (less, fast) in itertools.pairwise(known):
        if slow > fast:
            detail = f"takes longer than severity {less.value}, which is less bad"
            place = ("escalation", str(worse.value))
            yield PlanProblem(place, detail, "The worse it is, the sooner people are asked.")


class Asked(Value):
    """Somebody who was asked to decide, on which rung first, and what came of it."""

    person: PersonId
    rung: Rung
    at: datetime
    state: NotificationState = NotificationState.WAITING


class Ending(Value):
    """Why nobody has to be asked any more: what happened, when, and who did it."""

    ending: str
    at: datetime
    by: str | None = None


class Escalation(BaseModel):
    """How far the asking about one revision at its gate has come.

    ``wanted`` are the roles of which somebody has to be found; when others are needed, another
    round begins with the first rung. ``rung`` is the last that was done, at ``rung_at``, and
    ``repeats`` how often everybody was reminded after the last. ``failed`` says that the latest try
    to ask somebody did not work, and ``notified`` that somebody was asked in some round. What could
    not be released is tried again at ``owed_at``. ``ladder`` is None for an incident of before
    there were any.
    """

    message: int
    revision: int
    since: datetime
    ladder: Ladder | None = None
    wanted: tuple[Role, ...] = ()
    round: int = 1
    rung: Rung | None = None
    rung_at: datetime | None = None
    repeats: int = 0
    asked: dict[str, Asked] = Field(default_factory=dict)
    failed: bool = False
    notified: bool = False
    over: Ending | None = None
    owed_at: datetime | None = None

    @property
    def about(self) -> str:
        """What notifications call it: ``gate/3/2`` for revision 2 of message 3."""
        return about_gate(self.message, self.revision)

    @property
    def step(self) -> str:
        """What notifications call the rung that comes next; each person gets one of it."""
        upcoming = self.upcoming()
        again = f"-{self.repeats + 1}" if self.rung in ENDS else ""
        return f"{self.round}-{upcoming.value if upcoming else Rung.REMIND.value}{again}"

    def upcoming(self) -> Rung | None:
        """The next rung; None after the last, when there are only reminders."""
        if self.rung is None:
            return Rung.ASK
        following = self.ladder.after(self.rung) if self.ladder else None
        return following[0] if following else None

    def due_at(self) -> datetime | None:
        """When the next rung, or the next reminder, comes; None without a ladder."""
        if self.ladder is None:
            return None
        if self.rung is None or self.rung_at is None:
            return self.since
        following = self.ladder.after(self.rung)
        if following is None:
            longer: int = 2 ** min(self.repeats, 10)
            pause = min(self.ladder.last_pause * longer, LONGEST_PAUSE)
            return self.rung_at + pause
        return self.rung_at if self.nobody_left() else self.rung_at + following[1]

    def nobody_left(self) -> bool:
        """Whether nobody who was asked can be reached, as far as is known."""
        gone = NotificationState.UNREACHABLE
        return all(one.state is gone for one in self.asked.values())

    def may_be_asked(self, person: str) -> bool:
        """Whether asking this person (again) is wanted: an acknowledgement stops that."""
        before = self.asked.get(person)
        return before is None or before.state is not NotificationState.ACKNOWLEDGED

    def follow(self, ladder: Ladder | None) -> None:
        """Go on by this ladder; one that lets nothing out owes nothing."""
        self.ladder = ladder
        if ladder is None or ladder.release_preapproved is None:
            self.owed_at = None

    def want(self, roles: tuple[Role, ...], now: datetime) -> None:
        """Begin another round if other roles are needed than before."""
        if roles == self.wanted:
            return
        if self.rung is not None:
            self.round += 1
            self.since, self.rung, self.rung_at, self.repeats = now, None, None, 0
            self.asked = {}
        self.wanted = roles

    def asks(self, people: Iterable[str], now: datetime) -> None:
        """Note whom the next rung asks, before they are: their answer may come first."""
        rung = self.upcoming() or Rung.REMIND
        for person in people:
            first = self.asked.get(person) or Asked(person=person, rung=rung, at=now)
            change = {"state": NotificationState.WAITING}
            self.asked[person] = first.model_copy(update=change)

    def climbed(self, unreachable: Iterable[str], now: datetime) -> None:
        """Note that the next rung was done, and who of those it asked cannot be reached."""
        rung = self.upcoming()
        if rung is None:
            self.repeats += 1
        self.rung, self.rung_at, self.failed = rung or self.rung, now, False
        self.gone(unreachable)

    def was_asked_before(self, person: str) -> bool:
        """Whether an earlier rung than the next one has asked this person."""
        before = self.asked.get(person)
        return before is not None and before.rung is not self.upcoming()

    def skipped(self, now: datetime) -> None:
        """Note that the next rung could not be done, and that another one follows."""
        self.climbed((), now)
        self.failed = True

    def people(self) -> tuple[str, ...]:
        """Those who were asked in this round, in that order."""
        return tuple(self.asked)

    def forget(self, people: Iterable[str]) -> None:
        """Leave out those who have decided."""
        for person in people:
            self.asked.pop(person, None)

    def heard(self, person: str, state: NotificationState) -> bool:
        """Take what became of asking somebody; False if that is no news."""
        before = self.asked.get(person)
        settled = (NotificationState.ACKNOWLEDGED, state)
        if state not in _NEWS or before is None or before.state in settled:
            return False
        self.asked[person] = before.model_copy(update={"state": state})
        return True

    def gone(self, people: Iterable[str]) -> None:
        """Note that these cannot be reached, unless they have acknowledged meanwhile."""
        for person in people:
            self.heard(person, NotificationState.UNREACHABLE)


_NEWS = (NotificationState.ACKNOWLEDGED, NotificationState.UNREACHABLE)


def about_gate(message: int, revision: int) -> str:
    """``gate/<message>/<revision>``."""
    return f"gate/{message}/{revision}"
