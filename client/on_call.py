"""Who can be asked now, and who is on call when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from client.engine import Engine
from client.errors import WrongInput
from client.houses import NO_PEOPLE, House, houses
from domain.message import MessageKind
from domain.model import Value
from domain.people import PEOPLE_FILE, Member
from domain.playbook import Playbook
from domain.reaching import AskedAs, Reachable, find_people, in_quiet_hours
from domain.roster import roles_of
from domain.shifts import Shift, Span, gaps, overlaps, shifts_between
from domain.suggest import did_you_mean
from domain.times import UtcTime


class Asked(Value):
    """Whom to ask now: in this order, as one of ``roles``.

    ``gate`` is the kind of message whose gate it is, and ``playbook`` its plan; "" for a role.
    ``must_include`` are roles that have to be among those who sign, ``quorum`` how many sign.
    """

    at: UtcTime
    roles: tuple[str, ...]
    people: tuple[Reachable, ...]
    gate: str = ""
    playbook: str = ""
    quorum: int = 1
    must_include: tuple[str, ...] = ()

    @property
    def on_call(self) -> tuple[Reachable, ...]:
        """Those of them who are on call."""
        return tuple(one for one in self.people if one.asked_as is AskedAs.ON_CALL)


class ScheduleView(Value):
    """A schedule between two moments: its shifts, and what is wrong with them."""

    name: str
    roles: tuple[str, ...]
    zone: str
    shifts: tuple[Shift, ...]
    gaps: tuple[Span, ...] = ()
    overlaps: tuple[Span, ...] = ()
    read_at: datetime | None = None
    from_calendar: bool = False


class Roster(Value):
    """Everybody of the house as they are now, and who is on call for what."""

    at: UtcTime
    members: tuple[Member, ...]
    now: dict[str, tuple[Reachable, ...]]
    quiet: tuple[str, ...] = ()

    def shown(self, person: str) -> str:
        """Somebody's name."""
        return next((one.shown for one in self.members if one.id == person), person)


async def who_now(engine: Engine, role: str, at: datetime | None = None) -> Asked:
    """Whom to ask for a role, or for anything, without one; ``WrongInput`` if nobody has it."""
    found = await _houses(engine)
    known = {held for house in found for one in house.people.people for held in one.roles}
    if role and role not in known:
        raise WrongInput(f"Nobody is {role[:40]!r}.", did_you_mean(role, known))
    house = next(
        one for one in found if not role or any(role in each.roles for each in one.people.people)
    )
    held = roles_of(house.people.roster())
    wanted = (role,) if role else tuple(sorted(known))
    return _asked(house, held, wanted, at)


async def who_signs(engine: Engine, gate: str, playbook: str, at: datetime | None = None) -> Asked:
    """Whom to ask to sign a kind of message of a plan; of the only one, without ``playbook``.

    ``WrongInput`` if there is no such plan, or no such message in it.
    """
    pairs = [(house, plan) for house in await _houses(engine) for plan in house.plans]
    house, plan = _chosen(pairs, playbook)
    kinds = [one.value for one in plan.kinds if plan.gate_of(one) is not None]
    if gate not in kinds:
        raise WrongInput(f"{plan.name} has no {gate[:40]!r}.", did_you_mean(gate, kinds))
    policy = plan.gate_of(MessageKind(gate))
    assert policy is not None
    found = _asked(house, roles_of(plan.roster), policy.roles, at)
    return found.model_copy(
        update={
            "gate": gate,
            "playbook": plan.name,
            "quorum": policy.quorum,
            "must_include": policy.must_include,
        }
    )


async def roster(engine: Engine) -> Roster:
    """Everybody, and who is on call for each schedule now."""
    found = await _houses(engine)
    at = datetime.now(UTC)
    members: dict[str, Member] = {}
    now: dict[str, tuple[Reachable, ...]] = {}
    for house in found:
        for member in house.people.people:
            members.setdefault(member.id, member)
        held = roles_of(house.people.roster())
        for name, schedule in house.people.on_call.items():
            asked = _asked(house, held, schedule.roles_as(name), at)
            now.setdefault(name, tuple(one for one in asked.on_call if one.schedule == name))
    quiet = tuple(one.id for one in members.values() if in_quiet_hours(one, at))
    return Roster(at=at, members=tuple(members.values()), now=now, quiet=quiet)


async def schedules(engine: Engine, begin: datetime, length: timedelta) -> list[ScheduleView]:
    """Each schedule's shifts, gaps and overlaps from ``begin`` on."""
    end = begin + length
    found: list[ScheduleView] = []
    for house in await _houses(engine):
        for name, one in house.people.on_call.items():
            kept = house.kept.get(name)
            shifts = shifts_between(one, begin, end, kept.shifts() if kept else ())
            found.append(
                ScheduleView(
                    name=name,
                    roles=one.roles_as(name),
                    zone=one.zone,
                    shifts=tuple(shifts),
                    gaps=tuple(gaps(shifts, begin, end)),
                    overlaps=tuple(overlaps(shifts, begin, end)),
                    read_at=kept.read_at if kept else None,
                    from_calendar=one.ical is not None,
                )
            )
    return found


async def _houses(engine: Engine) -> list[House]:
    found = await houses(engine)
    if not found:
        raise WrongInput(NO_PEOPLE, f"Write down in {PEOPLE_FILE} who your people are.")
    return found


def _asked(
    house: House,
    held: Mapping[str, tuple[str, ...]],
    wanted: Sequence[str],
    at: datetime | None,
) -> Asked:
    moment = at or datetime.now(UTC)
    people = find_people(house.people, held, wanted, moment, calendars=house.calendars())
    return Asked(at=moment, roles=tuple(wanted), people=tuple(people))


def _chosen(pairs: Sequence[tuple[House, Playbook]], playbook: str) -> tuple[House, Playbook]:
    names = [plan.name for _, plan in pairs]
    if not playbook and len(pairs) == 1:
        return pairs[0]
    for house, plan in pairs:
        if plan.name == playbook:
            return house, plan
    if not playbook:
        raise WrongInput("Which playbook?", f"There are {', '.join(names) or 'none'}.")
    raise WrongInput(f"There is no playbook {playbook[:40]!r}.", did_you_mean(playbook, names))
