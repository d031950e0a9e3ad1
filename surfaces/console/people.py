"""The people: who they are, who is on call now and in the coming weeks, and who is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from client.on_call import Roster, roster, schedules
from client.people_check import check_people
from domain.duty_days import duty_days
from domain.model import Value
from domain.wall_time import is_zone, like_zone, on_the_wall
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page
from surfaces.console.rendering import page

WEEKS = 4

router = APIRouter(route_class=Page)

_Zone = Annotated[str, Query(max_length=60)]


@router.get("/people")
async def show_people(request: Request, zone: _Zone = "") -> Response:
    """Who is on call now, what to look at, and everybody."""
    engine = engine_of(request)
    everybody = await roster(engine)
    return page(
        request,
        "people",
        "People",
        roster=everybody,
        findings=await check_people(engine),
        zones=_zones(request, everybody, zone),
    )


@router.get("/people/calendar")
async def show_calendar(request: Request, zone: _Zone = "") -> Response:
    """Who is on call in the coming weeks, in the zone of whoever reads it."""
    engine = engine_of(request)
    everybody = await roster(engine)
    zones = _zones(request, everybody, zone)
    first = on_the_wall(datetime.now(UTC), zones.shown).date()
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    found = await schedules(engine, begin, timedelta(days=7 * WEEKS + 2))
    return page(
        request,
        "people_calendar",
        "On call",
        roster=everybody,
        schedules=[(one, duty_days(one.shifts, zones.shown, first, 7 * WEEKS)) for one in found],
        zones=zones,
    )


class Zones(Value):
    """The zone in which times are shown, why not the one that was asked for, and some to choose."""

    shown: str
    refused: str
    known: tuple[str, ...]


def _zones(request: Request, everybody: Roster, asked: str) -> Zones:
    """The zone that was asked for, or else that of whoever reads."""
    own = {one.id: one.zone for one in everybody.members}
    asked = asked.strip()
    known = is_zone(asked)
    return Zones(
        shown=asked if known else own.get(session(request).person.id, "UTC"),
        refused="" if known or not asked else f"{asked!r} is no time zone. {like_zone(asked)}",
        known=tuple(sorted({"UTC", *own.values()})),
    )
