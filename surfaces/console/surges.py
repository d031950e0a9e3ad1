"""Dismissing a surge: it needs no incident."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from client.surges import dismiss_surge
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, attempted
from surfaces.console.rendering import see

router = APIRouter(route_class=Page)


@router.post("/desk/surges/{number}/dismissal")
async def take_dismissal(
    request: Request, number: Annotated[int, Path(ge=1, le=2**53)]
) -> Response:
    """Dismiss it; one that is over, or that somebody has dismissed, is gone from the desk."""
    await attempted(dismiss_surge(engine_of(request), number, actor=actor(request)))
    return see("/desk")
