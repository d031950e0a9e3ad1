"""What is wrong with the people of the house before anything happens: who could not be reached.

Read with the plans: a gate that nobody could pass at three in the morning is found here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from domain.calendar import KeptCalendar
from domain.gate import GatePolicy
from domain.model import Value
from domain.people import Member, People
from domain.playbook import Playbook
from domain.plural import plural
from domain.reaching import Calendars, in_quiet_hours
from domain.shifts import Shift, covering, gaps, overlaps, shifts_between
from domain.times import in_utc, show_moment

HOURS = 168
"""The hours of a week: each is tried for each gate."""

LOOKED_AHEAD = timedelta(weeks=4)
"""How far ahead gaps and overlaps of schedules are looked for."""

_HOUR = timedelta(hours=1)
_SHOWN = 3
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Finding(Value):
    """One thing that is wrong, and what to do about it; ``serious`` if somebody would wait for it.

    ``times`` are the moments of which it is told, in full.
    """

    about: str
    what: str
    next_step: str
    serious: bool = True
    times: tuple[datetime, ...] = ()


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
            what=f"{_list(none)} cannot be reached: {_have(none)} no contact method.",
            next_step="Write two below `contact:` of each, such as mail and a phone.",
        )
    single = [one.shown for one in people if len(one.contact) == 1]
    if single:
        yield Finding(
            about="contact",
            what=f"{_list(single)} {_have(single)} no second contact method.",
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
                what=f"Nobody is on call as {name} {_list(shown, 'and')}.",
                next_step="Add a layer or an override for that time.",
                times=tuple(edge for one in holes for edge in (one.begins, one.ends)),
            )
        both = overlaps(found, begin, end)
        if both:
            shown = [f"{' and '.join(one.people)} from {show_moment(one.begins)}" for one in both]
            yield Finding(
                about=name,
                what=f"Several people are on call as {name} at once: {_list(shown, 'and')}.",
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
            shown = _list([show_moment(event.begins) for event in nameless], "and")
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
    for at in _hours(begin):
        for one in covering(shifts, at):
            member = people.member(one.person)
            if member is not None and in_quiet_hours(member, at):
                disturbed.setdefault(member.shown, at)
    for who, at in disturbed.items():
        yield Finding(
            about=name,
            what=f"{who} is on call as {name} in their own quiet hours, first {_hour(at)}.",
            next_step="Put somebody else on call then, or change the quiet hours: they hold "
            "except at severity 1.",
            serious=False,
            times=(at,),
        )


def check_gates(
    people: People, plan: Playbook, now: datetime, calendars: Calendars
) -> Iterator[Finding]:
    """Gates that nobody could pass in some hour of the coming week, or only their author could.

    Whoever a schedule of the gate's roles has on call counts, and so do their deputies; of roles
    without a schedule everybody does. Nobody counts in their quiet hours, or without a contact
    method.
    """
    begin = in_utc(now)
    for kind in plan.kinds:
        gate = plan.gate_of(kind)
        if gate is None:
            continue
        named = f"{kind.value} of {plan.name}"
        signers = {one.id: one.roles for one in plan.roster if people.member(one.id)}
        alone = [one for one in signers if set(signers[one]) & set(gate.roles)]
        stuck = [
            one
            for one in alone
            if not _passes(gate, {k: v for k, v in signers.items() if k != one})
        ]
        if stuck:
            yield Finding(
                about=named,
                what=f"Nobody could pass the gate of {named} if {_list(stuck, 'or')} wrote it.",
                next_step="Give one of its roles to somebody else.",
                serious=False,
            )
        yield from _hours_without(people, gate, named, signers, begin, calendars)


def _hours_without(
    people: People,
    gate: GatePolicy,
    named: str,
    signers: Mapping[str, Sequence[str]],
    begin: datetime,
    calendars: Calendars,
) -> Iterator[Finding]:
    end = begin + HOURS * _HOUR
    shifts = {
        role: [
            one
            for name, schedule in people.schedules_for({role})
            for one in shifts_between(schedule, begin, end, calendars.get(name, ()))
        ]
        for role in gate.roles
        if people.schedules_for({role})
    }
    empty: list[datetime] = []
    for at in _hours(begin):
        there = _there(people, gate.roles, shifts, at)
        if not _passes(gate, {one: signers[one] for one in there if one in signers}):
            empty.append(at)
    if not empty:
        return
    whom = "nobody who may sign" if gate.quorum == 1 else "too few who may sign"
    be = "is" if gate.quorum == 1 else "are"
    more = f", and in {plural(len(empty) - 1, 'more hour')} of the week" if empty[1:] else ""
    yield Finding(
        about=named,
        what=f"A{_hour(empty[0])[1:]} {whom} {named} {be} on call and reachable{more}.",
        next_step="Put somebody on call then, add a deputy, or move somebody's quiet hours.",
        times=tuple(empty),
    )


def _there(
    people: People, roles: Collection[str], shifts: Mapping[str, Sequence[Shift]], at: datetime
) -> set[str]:
    """Who could be asked at one moment, and reached."""
    found: set[str] = set()
    for role in roles:
        if role not in shifts:
            found.update(one.id for one in people.people if role in one.roles)
            continue
        for shift in covering(shifts[role], at):
            member = people.member(shift.person)
            found.update((shift.person, *(member.deputies if member is not None else ())))
    members = [one for one in map(people.member, found) if one is not None]
    return {one.id for one in members if one.contact and not in_quiet_hours(one, at)}


def _passes(gate: GatePolicy, there: Mapping[str, Sequence[str]]) -> bool:
    able = [set(gate.roles_here(roles)) for roles in there.values()]
    able = [one for one in able if one]
    return len(able) >= gate.quorum and set(gate.must_include) <= set().union(*able)


def _hours(begin: datetime) -> Iterator[datetime]:
    first = begin.replace(minute=0, second=0, microsecond=0)
    return (first + number * _HOUR for number in range(1, HOURS + 1))


def _hour(at: datetime) -> str:
    utc = in_utc(at)
    return f"at {utc:%H:%M} UTC on {_DAYS[utc.weekday()]} {show_moment(utc)[:6]}"


def _list(words: Iterable[str], joined: str = "and") -> str:
    named = list(words)
    if len(named) > _SHOWN:
        named = [*named[:_SHOWN], f"{len(named) - _SHOWN} more"]
        joined = "and"
    return f" {joined} ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _have(people: Sequence[str]) -> str:
    return "have" if len(people) > 1 else "has"
