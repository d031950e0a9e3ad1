"""Shifts as a reader's calendar shows them: day by day in the reader's own zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from domain.model import Value
from domain.shifts import Shift
from domain.times import UtcTime
from domain.wall_time import moment_of


class Stretch(Value):
    """A part of a day with the same people on call; nobody, if ``people`` is empty."""

    begins: UtcTime
    ends: UtcTime
    people: tuple[str, ...] = ()


class DutyDay(Value):
    """One day of the reader's, ``hours`` long: 23 or 25 where the clocks change."""

    day: date
    begins: UtcTime
    ends: UtcTime
    stretches: tuple[Stretch, ...]

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.ends - self.begins) / timedelta(hours=1)


def duty_days(shifts: Sequence[Shift], zone: str, first: date, many: int) -> list[DutyDay]:
    """``many`` days from ``first`` on; days that a zone has skipped are left out."""
    found: list[DutyDay] = []
    for number in range(many):
        day = first + timedelta(days=number)
        begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        if begins < ends:
            stretches = tuple(_stretches(shifts, begins, ends))
            found.append(DutyDay(day=day, begins=begins, ends=ends, stretches=stretches))
    return found


def _midnight(day: date, zone: str) -> datetime:
    return moment_of(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001 - a wall time


def _stretches(shifts: Sequence[Shift], begin: datetime, end: datetime) -> list[Stretch]:
    edges = sorted(
        {begin, end}
        | {edge for one in shifts for edge in (one.begins, one.ends) if begin < edge < end}
    )
    found: list[Stretch] = []
    for first, last in pairwise(edges):
        there = [one for one in shifts if one.begins <= first < one.ends]
        people = tuple(dict.fromkeys(one.person for one in there))
        if found and found[-1].people == people:
            found[-1] = found[-1].model_copy(update={"ends": last})
        else:
            found.append(Stretch(begins=first, ends=last, people=people))
    return found
