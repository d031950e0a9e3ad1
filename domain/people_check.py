"""What is wrong with the people of the house before anything happens: who could not be reached.

Gates that nobody could pass are found by ``domain.gate_hours``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from domain.calendar import KeptCalendar
from domain.finding import Finding, hours_of_week, listed, show_hour
from domain.people import Member, People
from domain.reaching import Calendars, in_quiet_hours
from domain.shifts import Shift, covering, gaps, overlaps, shifts_between
from domain.times import in_utc, show_moment

LOOKED_AHEAD = timedelta(weeks=4)
"""How far ahead gaps and overlaps of schedules are looked for."""


def check_members(people: People) -> Iterator[Finding]:
    """Roles without a deputy, people with too few contact methods, deputies who cannot stand in."""
    held: dict[str, list[Member]] = {}
    for one in people.people:
        for role in one.roles:
            held.setdefault(role, []).append(one)
    for role, holders in held.items():
        if len(holders) == 1 and not holders[0].deputies:
            yield Finding(
                about=role,
                what=f"Only {holders[0].shown} is {role}, and nobody stands in.",
                next_step=f"Give {role} to somebody else too, best to a deputy of theirs.",
            )
    yield from _contacts(people.people)
    for one in people.people:
        for deputy in map(people.member, one.deputies):
            if deputy is not None and not set(one.roles) & set(deputy.roles):
                yield Finding(
                    about=one.id,
                    what=f"{deputy.shown} stands in for {one.shown}, and shares no role with them.",
                    next_step=f"Give {deputy.id} the roles that they are to sign as.",
                )


def _contacts(people: Sequence[Member]) -> Iterator[Finding]:
    none = [one.shown for one in people if not one.contact]
    if none:
        yield Finding(
            about="contact",
            what=f"{listed(none)} cannot be reached: {_have(none)} no contact method.",
            next_step="Write two below `contact:` of each, such as mail and a phone.",
        )
    single = [one.shown for one in people if len(one.contact) == 1]
    if single:
        yield Finding(
            about="contact",
            what=f"{listed(single)} {_have(single)} no second contact method.",
            next_step="Add one that does not fail together with the first.",
        )


def check_schedules(people: People, now: datetime, calendars: Calendars) -> Iterator[Finding]:
    """Gaps with their dates, overlaps, and people on call in their quiet hours."""
    begin = in_utc(now)
    end = begin + LOOKED_AHEAD
    for name, schedule in people.on_call.items():
        found = shifts_between(schedule, begin, end, calendars.get(name, ()))
        if not found:
            yield Finding(
                about=name,
                what=f"Nobody is on call as {name} in the coming weeks.",
                next_step="Add a layer, or correct the calendar.",
            )
            continue
        holes = gaps(found, begin, end)
        if holes:
            shown = [f"{show_moment(one.begins)} to {show_moment(one.ends)}" for one in holes]
            yield Finding(
                about=name,
                what=f"Nobody is on call as {name} {listed(shown, 'and')}.",
                next_step="Add a layer or an override for that time.",
                times=tuple(edge for one in holes for edge in (one.begins, one.ends)),
            )
        both = overlaps(found, begin, end)
        if both:
            shown = [f"{' and '.join(one.people)} from {show_moment(one.begins)}" for one in both]
            yield Finding(
                about=name,
                what=f"Several people are on call as {name} at once: {listed(shown, 'and')}.",
                next_step="They are asked in this order. Change the layers if it is not meant so.",
                serious=False,
                times=tuple(edge for one in both for edge in (one.begins, one.ends)),
            )
        yield from _quiet_on_call(people, name, found, begin)


def check_calendars(
    people: People, kept: Mapping[str, KeptCalendar], now: datetime
) -> Iterator[Finding]:
    """Calendars that cannot be read, and events that name nobody, with their dates."""
    for name, schedule in people.on_call.items():
        if schedule.ical is None:
            continue
        one = kept.get(name)
        if one is None or (one.read_at is None and not one.problem):
            what = f"The calendar of {name} has not been read yet."
            yield Finding(about=name, what=what, next_step="A worker reads it once it runs.")
            continue
        if one.problem:
            since = (
                f"What was read {show_moment(one.read_at)} still counts."
                if one.read_at
                else "Nobody is on call by it."
            )
            yield Finding(
                about=name,
                what=f"The calendar of {name} could not be read. {one.problem} {since}",
                next_step=one.next_step,
            )
        nameless = [event for event in one.nameless() if event.ends > now]
        if nameless:
            shown = listed([show_moment(event.begins) for event in nameless], "and")
            yield Finding(
                about=name,
                what=f"The calendar of {name} has events that name nobody here: {shown}.",
                next_step="Write the person's id or name as it is in people.yaml into the title.",
                serious=False,
                times=tuple(event.begins for event in nameless),
            )
        yield from _strangers(people, name, schedule.roles_as(name), one, now)


def _strangers(
    people: People, name: str, roles: Sequence[str], kept: KeptCalendar, now: datetime
) -> Iterator[Finding]:
    first: dict[str, datetime] = {}
    for event in kept.events:
        for person in event.people:
            member = people.member(person)
            if event.ends > now and member is not None and not set(roles) & set(member.roles):
                first.setdefault(member.shown, event.begins)
    for who, at in first.items():
        yield Finding(
            about=name,
            what=f"By the calendar {who} is on call as {name} from {show_moment(at)}, and is not "
            f"{' or '.join(roles)}.",
            next_step="Give them the role, or put somebody else on call: who is on call has to "
            "sign.",
            times=(at,),
        )


def _quiet_on_call(
    people: People, name: str, shifts: Sequence[Shift], begin: datetime
) -> Iterator[Finding]:
    disturbed: dict[str, datetime] = {}
    for at in hours_of_week(begin):
        for one in covering(shifts, at):
            member = people.member(one.person)
            if member is not None and in_quiet_hours(member, at):
                disturbed.setdefault(member.shown, at)
    for who, at in disturbed.items():
        yield Finding(
            about=name,
            what=f"{who} is on call as {name} in their own quiet hours, first {show_hour(at)}.",
            next_step="Put somebody else on call then, or change the quiet hours: they hold "
            "except at severity 1.",
            serious=False,
            times=(at,),
        )


def _have(people: Sequence[str]) -> str:
    return "have" if len(people) > 1 else "has"
