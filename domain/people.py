"""The people of the house, in ``people.yaml`` beside the playbooks, for all of them.

A playbook says what is said and which roles must sign it; who holds those roles is the same in
every plan. When an incident is opened, the file is part of the snapshot that it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.abilities import UNLESS_SAID, Ability
from domain.contact import ContactMethod, QuietHours
from domain.model import Written
from domain.on_call import Schedule, ScheduleName, schedule_problems
from domain.plan_problems import PlanProblem, refuse
from domain.public_text import PublicLine
from domain.roster import Person, PersonId, Role
from domain.suggest import did_you_mean
from domain.wall_time import is_zone, like_zone

PEOPLE_FILE = "people.yaml"


class Member(Written):
    """Somebody who may have a part in an incident.

    ``id`` is the short handle under which everything is recorded; ``name`` is shown to people, and
    never leaves the ledger and this file. ``may`` is what they may do besides signing; without it
    they may do everything but administrate. ``oidc`` is the ``sub`` of their account with the
    company's identity provider. ``deputies`` stand in for them, in this order. ``zone`` is an IANA
    time zone, and the hours of everything about them are wall times there.
    """

    id: PersonId
    name: PublicLine | None = None
    roles: tuple[Role, ...] = Field(min_length=1)
    may: tuple[Ability, ...] | None = None
    oidc: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    deputies: tuple[PersonId, ...] = ()
    zone: str = "UTC"
    languages: tuple[str, ...] = ()
    contact: tuple[ContactMethod, ...] = ()
    quiet_hours: QuietHours | None = None

    @property
    def abilities(self) -> tuple[Ability, ...]:
        """What this person may do besides signing, each once."""
        return UNLESS_SAID if self.may is None else tuple(dict.fromkeys(self.may))

    @property
    def shown(self) -> str:
        """The name, or the handle of somebody without one."""
        return self.name or self.id


class People(Written):
    """Everybody, in the order of the file, and who is on call when."""

    people: tuple[Member, ...] = Field(min_length=1)
    on_call: dict[ScheduleName, Schedule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> People:
        ids = [one.id for one in self.people]
        for one in ids:
            if ids.count(one) > 1:
                raise PydanticCustomError("twice", "{who} is there twice", {"who": one})
        accounts = [one.oidc for one in self.people if one.oidc]
        for account in accounts:
            if accounts.count(account) > 1:
                raise PydanticCustomError(
                    "account_twice", "the account {who} is two people's", {"who": account}
                )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> People:
        held = {one.id: one.roles for one in self.people}
        problems = [
            problem
            for number, one in enumerate(self.people)
            for problem in _problems_of(one, ("people", number), held)
        ]
        refuse([*problems, *schedule_problems(self.on_call.items(), held)])
        return self

    def member(self, person: str) -> Member | None:
        """Somebody by their id, if they are here."""
        return next((one for one in self.people if one.id == person), None)

    def schedules_for(self, roles: set[str]) -> list[tuple[str, Schedule]]:
        """The schedules, by name, that are for any of ``roles``."""
        return [
            (name, one) for name, one in self.on_call.items() if roles & set(one.roles_as(name))
        ]

    def roster(self) -> tuple[Person, ...]:
        """The same as a plan has them: handles and roles, and nothing else about them."""
        return tuple(Person(id=one.id, roles=one.roles) for one in self.people)


def _problems_of(
    member: Member, place: tuple[str | int, ...], held: dict[str, tuple[str, ...]]
) -> Iterator[PlanProblem]:
    if not is_zone(member.zone):
        detail = f"is {member.zone[:60]!r}, which is no time zone"
        yield PlanProblem((*place, "zone"), detail, like_zone(member.zone))
    for number, deputy in enumerate(member.deputies):
        where = (*place, "deputies", number)
        if deputy == member.id:
            step = "Name somebody else, or take it out."
            yield PlanProblem(where, f"names {deputy} themselves", step)
        elif deputy not in held:
            others = [one for one in held if one != member.id]
            yield PlanProblem(
                where, f"names {deputy}, who is not here", did_you_mean(deputy, others)
            )
        elif deputy in member.deputies[:number]:
            yield PlanProblem(where, f"names {deputy} a second time", "Keep one of them.")
    for name, many in Counter(one.name for one in member.contact).items():
        if many > 1:
            step = "Give each a name of its own."
            yield PlanProblem((*place, "contact"), f"has {many} methods named {name}", step)
