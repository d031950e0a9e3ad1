"""Who can be asked now, in which order, and how they are reached.

One function for the response, for `people who` and for the pages: what they show is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from domain.contact import ContactKind, ContactMethod
from domain.model import Value
from domain.people import Member, People
from domain.severity import Severity
from domain.shifts import Shift, on_call_at
from domain.times import UtcTime
from domain.wall_time import on_the_wall

Calendars = Mapping[str, Sequence[Shift]]
"""The shifts of schedules with a calendar, by the schedule's name."""

Usable = Callable[[ContactMethod], bool]
"""Whether a contact method could be used at all, such as because its secret is known here."""


class AskedAs(StrEnum):
    """Why somebody is asked before others."""

    ON_CALL = "on_call"
    DEPUTY = "deputy"
    OTHER = "other"


class Reachable(Value):
    """Somebody who could be asked now. ``methods`` are those by which they can be reached.

    ``until`` is the end of their shift; ``deputy_of`` whom a deputy stands in for. ``quiet``: their
    quiet hours hold now.
    """

    person: str
    shown: str
    roles: tuple[str, ...]
    asked_as: AskedAs
    methods: tuple[str, ...] = ()
    quiet: bool = False
    schedule: str = ""
    until: UtcTime | None = None
    deputy_of: str = ""

    def reachable(self, severity: Severity | None = None) -> bool:
        """Whether they can be reached now.

        Quiet hours count at severity 2 and 3, and not where no severity is given.
        """
        minds = severity is not None and severity is not Severity.CRITICAL
        return bool(self.methods) and not (self.quiet and minds)


def any_method(_: ContactMethod) -> bool:
    """Where it cannot be told which methods could be used, all of them could."""
    return True


def with_secrets(known: Collection[str]) -> Usable:
    """Methods whose secret is among ``known``; browsers have none."""
    return lambda one: one.kind is ContactKind.WEB_PUSH or one.secret in known


def in_quiet_hours(member: Member, at: datetime) -> bool:
    """Whether it is quiet where somebody is."""
    quiet = member.quiet_hours
    return quiet is not None and quiet.cover(on_the_wall(at, member.zone).time())


def find_people(
    people: People,
    roles: Mapping[str, Sequence[str]],
    wanted: Collection[str],
    at: datetime,
    *,
    besides: Collection[str] = (),
    calendars: Calendars | None = None,
    usable: Usable = any_method,
) -> list[Reachable]:
    """Who can act as one of ``wanted``: on call, then their deputies, then everybody else.

    ``roles`` are the roles that count, by the person's id: those of the incident's own snapshot.
    Whoever is not in ``people`` any more is not asked, whatever the snapshot says.
    """
    able = {
        one.id: one
        for one in people.people
        if one.id not in besides and set(wanted) & set(roles.get(one.id, ()))
    }
    found: dict[str, Reachable] = {}

    def add(member: Member, asked_as: AskedAs, **more: object) -> None:
        if member.id in able and member.id not in found:
            held = tuple(one for one in roles[member.id] if one in wanted)
            found[member.id] = _reachable(member, held, asked_as, at, usable).model_copy(
                update=more
            )

    here: list[tuple[str, Shift]] = []
    for name, schedule in people.schedules_for(set(wanted)):
        of_calendar = (calendars or {}).get(name, ())
        here += [(name, one) for one in on_call_at(schedule, at, of_calendar)]
    for name, shift in here:
        member = people.member(shift.person)
        if member is not None:
            add(member, AskedAs.ON_CALL, schedule=name, until=shift.ends)
    for _, shift in here:
        # Also of somebody who must not be asked themselves: their deputy stands in.
        absent = people.member(shift.person)
        for one in absent.deputies if absent is not None else ():
            deputy = people.member(one)
            if deputy is not None:
                add(deputy, AskedAs.DEPUTY, deputy_of=shift.person)
    for member in able.values():
        add(member, AskedAs.OTHER)
    return list(found.values())


def _reachable(
    member: Member, held: tuple[str, ...], asked_as: AskedAs, at: datetime, usable: Usable
) -> Reachable:
    return Reachable(
        person=member.id,
        shown=member.shown,
        roles=held,
        asked_as=asked_as,
        methods=tuple(one.name for one in member.contact if usable(one)),
        quiet=in_quiet_hours(member, at),
    )
