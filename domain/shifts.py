"""Who is on call when: shifts, their gaps and their overlaps, as moments.

Everything is reckoned from dates and wall times, so a shift from 22:00 to 06:00 ends at 06:00 on
the clock of that morning, whether that is seven, eight or nine hours later.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from domain.model import Value
from domain.on_call import Layer, Schedule
from domain.times import UtcTime
from domain.wall_time import moment_of, on_the_wall

_MARGIN = timedelta(days=2)
"""A shift may begin on the date before, and no zone is further than a day from another."""

AHEAD = timedelta(days=8)
"""How far ahead the end of a shift is looked for: no turn is longer than a week."""


class ShiftSource(StrEnum):
    """Where a schedule has a shift from."""

    LAYER = "layer"
    OVERRIDE = "override"
    CALENDAR = "calendar"


class Shift(Value):
    """Somebody who is on call from ``begins`` up to, and not at, ``ends``.

    ``layer`` is the layer's number, from 0; it decides who is asked first.
    """

    person: str
    begins: UtcTime
    ends: UtcTime
    source: ShiftSource = ShiftSource.LAYER
    layer: int = 0


class Span(Value):
    """Some time, up to and not at ``ends``, with the people of whom it is told."""

    begins: UtcTime
    ends: UtcTime
    people: tuple[str, ...] = ()


def shifts_between(
    schedule: Schedule, begin: datetime, end: datetime, calendar: Sequence[Shift] = ()
) -> list[Shift]:
    """The shifts that are between two moments, whole, in their order; first who is asked first.

    ``calendar`` are those of the schedule's calendar, if it has one.
    """
    planned = [*calendar]
    for number, layer in enumerate(schedule.layers):
        planned += _of_layer(layer, number, schedule.zone, begin - _MARGIN, end + _MARGIN)
    overrides = [
        Shift(
            person=one.person,
            begins=moment_of(one.begins, schedule.zone),
            ends=moment_of(one.ends, schedule.zone),
            source=ShiftSource.OVERRIDE,
        )
        for one in schedule.overrides
    ]
    taken = [one for one in overrides if one.begins < one.ends]
    found = [left for one in planned for left in _without(one, taken)] + taken
    inside = [one for one in found if one.begins < end and begin < one.ends]
    return sorted(inside, key=lambda one: (one.begins, one.layer, one.person))


def on_call_at(schedule: Schedule, at: datetime, calendar: Sequence[Shift] = ()) -> list[Shift]:
    """The shifts at one moment, in the order in which people are asked.

    One that ends more than a week later may be longer than it says.
    """
    return covering(shifts_between(schedule, at, at + AHEAD, calendar), at)


def covering(shifts: Iterable[Shift], at: datetime) -> list[Shift]:
    """Those of ``shifts`` at one moment, in the order in which people are asked."""
    found = [one for one in shifts if one.begins <= at < one.ends]
    return sorted(found, key=lambda one: (one.layer, one.begins, one.person))


def gaps(shifts: Iterable[Shift], begin: datetime, end: datetime) -> list[Span]:
    """When nobody is on call between two moments."""
    found: list[Span] = []
    covered = begin
    for one in sorted(shifts, key=lambda one: one.begins):
        if one.begins > covered:
            found.append(Span(begins=covered, ends=min(one.begins, end)))
        covered = max(covered, one.ends)
        if covered >= end:
            return found
    return [*found, Span(begins=covered, ends=end)]


def overlaps(shifts: Sequence[Shift], begin: datetime, end: datetime) -> list[Span]:
    """When several people are on call at once between two moments, and who."""
    edges = sorted(
        {
            begin,
            end,
            *(edge for one in shifts for edge in (one.begins, one.ends) if begin < edge < end),
        }
    )
    found: list[Span] = []
    for first, last in itertools.pairwise(edges):
        there = tuple(dict.fromkeys(one.person for one in shifts if one.begins <= first < one.ends))
        if len(there) < 2:
            continue
        if found and found[-1].ends == first and found[-1].people == there:
            found[-1] = Span(begins=found[-1].begins, ends=last, people=there)
        else:
            found.append(Span(begins=first, ends=last, people=there))
    return found


def _of_layer(layer: Layer, number: int, zone: str, begin: datetime, end: datetime) -> list[Shift]:
    """One layer's shifts; those of one person that follow without a gap are one shift."""
    found: list[Shift] = []
    day, last = on_the_wall(begin, zone).date(), on_the_wall(end, zone).date()
    ends = layer.ends or layer.begins
    nights = timedelta(days=0 if layer.begins < ends else 1)
    while day <= last:
        person = layer.whose_turn(day)
        if person is not None:
            shift = Shift(
                person=person,
                begins=moment_of(datetime.combine(day, layer.begins), zone),
                ends=moment_of(datetime.combine(day + nights, ends), zone),
                layer=number,
            )
            _add(found, shift)
        day += timedelta(days=1)
    return found


def _add(found: list[Shift], shift: Shift) -> None:
    if shift.begins >= shift.ends:
        # All of it is skipped by a change of the clocks.
        return
    before = found[-1] if found else None
    if before is not None and before.person == shift.person and before.ends == shift.begins:
        found[-1] = before.model_copy(update={"ends": shift.ends})
    else:
        found.append(shift)


def _without(shift: Shift, taken: Iterable[Shift]) -> list[Shift]:
    """What is left of a shift where others take parts of it."""
    left = [shift]
    for one in taken:
        left = (
            [
                part
                for whole in left
                for part in (
                    whole.model_copy(update={"ends": min(whole.ends, one.begins)}),
                    whole.model_copy(update={"begins": max(whole.begins, one.ends)}),
                )
                if part.begins < part.ends
            ]
            if one.begins < shift.ends and shift.begins < one.ends
            else left
        )
    return left
