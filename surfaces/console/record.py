"""The whole record of an incident as one page, to be read or printed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.coverage import coverage_sentences, desk_picture
from client.scorecard import kept_scorecard
from client.whole_record import whole_record
from surfaces.console.access import engine_of
from surfaces.console.desk_chart import chart_of
from surfaces.console.failures import Page
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/record")
async def show_record(request: Request, slug: str) -> Response:
    """Everything that the ledger has of it, without addresses and codes."""
    engine = engine_of(request)
    record = await whole_record(engine, slug)
    picture = await desk_picture(engine, slug)
    return page(
        request,
        "record",
        f"Record of {record.row.title}",
        slug=slug,
        record=record,
        sentences=coverage_sentences(record.coverage),
        picture=picture,
        scorecard=await kept_scorecard(engine, slug),
        chart=chart_of(picture),
    )
