"""The briefing: what whoever comes to help has to know, on one page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.briefing import brief
from surfaces.console.access import engine_of
from surfaces.console.failures import Page
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/briefing")
async def show_briefing(request: Request, slug: str) -> Response:
    """What happened, what we say and what not, the saved replies, the next promise, who is who."""
    briefing = await brief(engine_of(request), slug)
    return page(request, "briefing", f"Briefing: {briefing.title}", briefing=briefing, slug=slug)
