"""The follow-up: what a resolution said would be done, and what to say once it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.follow_up import follow_up
from surfaces.console.access import engine_of
from surfaces.console.failures import Page
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/follow-up")
async def show_follow_up(request: Request, slug: str) -> Response:
    """What was promised, by whom and when, with words for when it is done."""
    found = await follow_up(engine_of(request), slug)
    return page(request, "follow_up", "Follow-up", slug=slug, found=found)
