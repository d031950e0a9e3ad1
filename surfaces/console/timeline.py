"""The timeline: everything that happened, from the ledger, and whether anybody has changed it."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.patience import soon
from client.timeline import read_timeline, verify_timeline
from surfaces.console.access import engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page

VERIFIED_WITHIN = timedelta(seconds=8)

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/timeline")
async def show_timeline(request: Request, slug: str) -> Response:
    """All entries, and the result of verifying them."""
    entries = await read_timeline(engine_of(request), slug)
    # It asks the incident, too, which must not keep anybody from reading.
    verified = await attempted(soon(verify_timeline(engine_of(request), slug), VERIFIED_WITHIN))
    found = None if isinstance(verified, Refused) else verified
    return page(
        request, "timeline", f"Timeline of {slug}", slug=slug, entries=entries, verified=found
    )
