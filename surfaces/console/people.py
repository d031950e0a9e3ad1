"""The people: who they are, who is on call now and in the coming weeks, and who is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from client.on_call import Roster, roster, schedules
from client.people_check import check_people
from domain.duty_days import duty_days, monday_before
from domain.wall_time import is_zone, like_zone
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
        **_zones(request, everybody, zone),
    )


@router.get("/people/calendar")
async def show_calendar(request: Request, zone: _Zone = "") -> Response:
    """Who is on call in the coming weeks, in the zone of whoever reads it."""
    engine = engine_of(request)
    everybody = await roster(engine)
    shown = _zones(request, everybody, zone)
    first = monday_before(datetime.now(UTC), shown["zone"])
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    found = await schedules(engine, begin, timedelta(days=7 * WEEKS + 2))
    return page(
        request,
        "people_calendar",
        "On call",
        roster=everybody,
        schedules=[(one, duty_days(one.shifts, shown["zone"], first, 7 * WEEKS)) for one in found],
        **shown,
    )


def _zones(request: Request, everybody: Roster, asked: str) -> dict[str, str | list[str]]:
    """The zone to show times in: the one that was asked for, else that of whoever reads."""
    own = next(
        (one.zone for one in everybody.members if one.id == session(request).person.id), "UTC"
    )
    asked = asked.strip()
    wrong = "" if not asked or is_zone(asked) else f"{asked!r} is no time zone. {like_zone(asked)}"
    return {
        "zone": asked if asked and not wrong else own,
        "zone_refused": wrong,
        "zones": sorted({"UTC", *(one.zone for one in everybody.members)}),
    }
