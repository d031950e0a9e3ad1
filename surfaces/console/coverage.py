"""Coverage: how much of what people said is answered or dismissed, by channel and by agent."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.coverage import (
    CoverageReport,
    DeskPicture,
    coverage_report,
    coverage_sentences,
    desk_picture,
)
from client.incidents import recorded_incidents
from domain.mentions import ForeignLine
from surfaces.console.access import engine_of
from surfaces.console.desk_chart import chart_of
from surfaces.console.failures import Page
from surfaces.console.rendering import page

KEPT_FOR = 5.0
"""Seconds. It counts every mention, and many people may look at once."""

_MOST_KEPT = 16

router = APIRouter(route_class=Page)


@router.get("/desk/coverage")
async def show(request: Request, incident: ForeignLine = "") -> Response:
    """How much has an end, of an incident or of all."""
    report, picture = await _counted(request, incident)
    return page(
        request,
        "coverage",
        "Coverage",
        incident=incident,
        incidents=[one.slug for one in await recorded_incidents(engine_of(request))],
        report=report,
        sentences=coverage_sentences(report),
        picture=picture,
        chart=chart_of(picture),
    )


async def _counted(request: Request, incident: str) -> tuple[CoverageReport, DeskPicture]:
    kept: dict[str, tuple[float, CoverageReport, DeskPicture]] = request.app.state.coverage
    if incident in kept and time.monotonic() - kept[incident][0] < KEPT_FOR:
        return kept[incident][1:]
    engine = engine_of(request)
    report = await coverage_report(engine, incident)
    picture = await desk_picture(engine, incident)
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[incident] = (time.monotonic(), report, picture)
    return report, picture
