"""On-call schedules, as ``people.yaml`` has them: weekly layers, overrides, or a calendar."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from domain.model import Written
from domain.plan_problems import PlanProblem
from domain.roster import PersonId, Role
from domain.suggest import did_you_mean
from domain.wall_time import WallClock, WallDay, WallMoment, is_zone, like_zone, moment_of

ScheduleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]

_SOURCE = re.compile(r"[A-Z][A-Z0-9_]{0,60}|https://\S{1,2000}")


def _source(value: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise ValueError(
            "must be the name of a secret that holds the calendar's address, such as "
            "LEGAL_CALENDAR, or an address that begins with https://"
        )
    return value


CalendarSource = Annotated[str, AfterValidator(_source)]
"""The name of the secret that holds a calendar's address, or the address if it is no secret."""


class Weekday(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @classmethod
    def of(cls, day: date) -> Weekday:
        """The day of the week of a date."""
        return tuple(cls)[day.weekday()]


class Turn(StrEnum):
    """How long somebody is on call before the next one is."""

    DAY = "day"
    WEEK = "week"


class Layer(Written):
    """People who take turns, from one wall time to another, on some days of the week.

    A shift belongs to the date on which it begins, and whoever has that date's turn has all of it:
    the turns are counted from the date ``starts``, before which nobody is on call here; turns of a
    day pass over the dates on which no shift begins. With the
    same time twice, or without ``to``, a shift lasts until that time on the next date.
    """

    model_config = ConfigDict(populate_by_name=True)

    people: tuple[PersonId, ...] = Field(min_length=1)
    turn: Turn = Turn.WEEK
    starts: WallDay | None = None
    days: tuple[Weekday, ...] = tuple(Weekday)
    begins: WallClock = Field(default=time(0), alias="from")
    ends: WallClock | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _a_start_to_count_from(self) -> Layer:
        if len(self.people) > 1 and self.starts is None:
            raise ValueError("people who take turns need `starts`, the date of the first turn")
        if not self.days:
            raise ValueError("`days` is empty: leave it out for every day")
        return self

    def whose_turn(self, day: date) -> str | None:
        """Who has the shift that begins on ``day``; None if there is none."""
        if Weekday.of(day) not in self.days:
            return None
        if self.starts is None:
            return self.people[0]
        passed = (day - self.starts).days
        if passed < 0:
            return None
        turns = self._shifts_before(day) if self.turn is Turn.DAY else passed // 7
        return self.people[turns % len(self.people)]

    def _shifts_before(self, day: date) -> int:
        """How many shifts have begun since the first turn.

        Days without one are not counted: seven people who share five days would have the same day
        for ever, and two of them none.
        """
        assert self.starts is not None
        weeks, rest = divmod((day - self.starts).days, 7)
        begun = [Weekday.of(self.starts + timedelta(days=one)) for one in range(rest)]
        return weeks * len(set(self.days)) + sum(one in self.days for one in begun)


class Override(Written):
    """Somebody who is on call instead of everybody else on the schedule, from ``begins`` on."""

    model_config = ConfigDict(populate_by_name=True)

    person: PersonId
    begins: WallMoment = Field(alias="from")
    ends: WallMoment = Field(alias="to")

    @model_validator(mode="after")
    def _has_a_length(self) -> Override:
        if self.ends <= self.begins:
            raise ValueError("ends before it begins")
        return self


class Schedule(Written):
    """Who is on call for ``roles`` (those of the schedule's own name, without any), and when.

    All its wall times are of ``zone``. It has layers, or a calendar that is kept elsewhere;
    overrides go with either.
    """

    zone: str
    roles: tuple[Role, ...] = ()
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    ical: CalendarSource | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Schedule:
        if bool(self.layers) is (self.ical is not None):
            raise ValueError("needs `layers` or `ical`, and not both")
        return self

    def roles_as(self, name: str) -> tuple[str, ...]:
        """The roles that it is for, if it is called ``name``."""
        return self.roles or (name,)


def schedule_problems(
    schedules: Iterable[tuple[str, Schedule]], held: dict[str, tuple[str, ...]]
) -> Iterator[PlanProblem]:
    """What in schedules cannot be; ``held`` has everybody's roles, by the person's id."""
    for name, one in schedules:
        place: tuple[str | int, ...] = ("on_call", name)
        if is_zone(one.zone):
            yield from _overlapping(place, one)
        else:
            detail = f"is {one.zone[:60]!r}, which is no time zone"
            yield PlanProblem((*place, "zone"), detail, like_zone(one.zone))
        known = {role for roles in held.values() for role in roles}
        strangers = [role for role in one.roles_as(name) if role not in known]
        for role in strangers:
            where = (*place, "roles") if one.roles else place
            said = "names" if one.roles else "is for"
            step = did_you_mean(role, known)
            if not one.roles:
                step += " A schedule with a name of its own needs `roles`."
            yield PlanProblem(where, f"{said} {role}, which nobody is", step)
        if not strangers:
            yield from _odd_people(place, one, set(one.roles_as(name)), held)


def _odd_people(
    place: tuple[str | int, ...],
    schedule: Schedule,
    roles: set[str],
    held: dict[str, tuple[str, ...]],
) -> Iterator[PlanProblem]:
    named = [
        ((*place, "layers", number, "people", at), person)
        for number, layer in enumerate(schedule.layers)
        for at, person in enumerate(layer.people)
    ]
    named += [
        ((*place, "overrides", number, "person"), one.person)
        for number, one in enumerate(schedule.overrides)
    ]
    for where, person in named:
        if person not in held:
            yield PlanProblem(where, f"names {person}, who is not here", did_you_mean(person, held))
        elif not roles & set(held[person]):
            detail = f"names {person}, who is not {' or '.join(sorted(roles))}"
            step = "Give them the role, or put somebody else on call: who is on call has to sign."
            yield PlanProblem(where, detail, step)


def _overlapping(place: tuple[str | int, ...], schedule: Schedule) -> Iterator[PlanProblem]:
    placed = sorted(
        (moment_of(one.begins, schedule.zone), moment_of(one.ends, schedule.zone), number)
        for number, one in enumerate(schedule.overrides)
    )
    for before, after in itertools.pairwise(placed):
        if after[0] < before[1]:
            detail = f"begins before override number {before[2] + 1} ends"
            step = "Let one end where the other begins."
            yield PlanProblem((*place, "overrides", after[2]), detail, step)
