"""Who is on call now, by schedule: handles and the names of contact methods, never an address."""

from __future__ import annotations

from fastapi import APIRouter, Request

from client.on_call import Roster, roster
from domain.reaching import Reachable
from surfaces.api.access import BASE, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["people"])


class OnCallPerson(Shown):
    """Somebody who is on call until `until`, and by which methods they can be reached.

    `quiet`: their quiet hours hold now, except for severity 1.
    """

    person: str
    until: Time | None
    methods: list[str]
    quiet: bool

    @classmethod
    def of(cls, one: Reachable) -> OnCallPerson:
        """The same for the wire."""
        return cls(person=one.person, until=one.until, methods=list(one.methods), quiet=one.quiet)


class OnCallSchedule(Shown):
    """A schedule, and who is on call by it, in the order in which they are asked; nobody, if
    empty."""

    schedule: str
    on_call: list[OnCallPerson]


class OnCallNow(Shown):
    """Every schedule, as it was at `at`."""

    at: Time
    schedules: list[OnCallSchedule]

    @classmethod
    def of(cls, found: Roster) -> OnCallNow:
        """The same for the wire."""
        schedules = [
            OnCallSchedule(schedule=name, on_call=[OnCallPerson.of(one) for one in people])
            for name, people in found.now.items()
        ]
        return cls(at=found.at, schedules=schedules)


@router.get("/people/on-call")
async def read_on_call(request: Request) -> OnCallNow:
    """Who is on call now, by schedule."""
    return OnCallNow.of(await roster(engine_of(request)))
