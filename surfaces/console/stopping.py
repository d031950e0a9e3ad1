"""Stopping everything of an incident, asked once more, and resuming it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.stopping import resume_all, stop_all, stop_in_force
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/stop")
async def ask(request: Request, slug: str) -> Response:
    """What stopping does, or resuming."""
    return await _ask(request, slug)


@router.post("/incidents/{slug}/stops")
async def take_stop(request: Request, slug: str, reason: Annotated[str, Form()] = "") -> Response:
    """Stop everything."""
    done = await attempted(
        stop_all(engine_of(request), slug, actor=actor(request), reason=reason.strip())
    )
    if isinstance(done, Refused):
        return await _ask(request, slug, done, reason)
    return see(f"/incidents/{slug}")


@router.post("/incidents/{slug}/resumptions")
async def take_resumption(request: Request, slug: str) -> Response:
    """Let everything go on."""
    done = await attempted(resume_all(engine_of(request), slug, actor=actor(request)))
    if isinstance(done, Refused):
        return await _ask(request, slug, done)
    return see(f"/incidents/{slug}")


async def _ask(
    request: Request, slug: str, refused: Refused | None = None, reason: str = ""
) -> Response:
    stopped = await stop_in_force(engine_of(request), slug)
    return page(
        request,
        "stop",
        f"Resume {slug}" if stopped else f"Stop everything of {slug}",
        refused.status if refused else 200,
        slug=slug,
        stopped=stopped,
        reason=reason,
        refusal=refused.explanation if refused else None,
    )
