"""The timeline: everything that happened, from the ledger, and whether anybody has changed it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.timeline import read_timeline, verify_timeline
from surfaces.console.access import engine_of
from surfaces.console.failures import Page
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/timeline")
async def show_timeline(request: Request, slug: str) -> Response:
    """All entries, and the result of verifying them."""
    entries = await read_timeline(engine_of(request), slug)
    verified = await verify_timeline(engine_of(request), slug)
    return page(
        request, "timeline", f"Timeline of {slug}", slug=slug, entries=entries, verified=verified
    )
