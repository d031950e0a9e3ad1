"""Gates that nobody could pass in some hour of the coming week, found before anybody has to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from domain.finding import HOURS, Finding, hours_of_week, listed, show_hour
from domain.gate import GatePolicy
from domain.people import People
from domain.playbook import Playbook
from domain.plural import plural
from domain.reaching import Calendars, in_quiet_hours
from domain.shifts import Shift, covering, shifts_between
from domain.times import in_utc


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
                what=f"Nobody could pass the gate of {named} if {listed(stuck, 'or')} wrote it.",
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
    end = begin + HOURS
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
    for at in hours_of_week(begin):
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
        what=f"A{show_hour(empty[0])[1:]} {whom} {named} {be} on call and reachable{more}.",
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
