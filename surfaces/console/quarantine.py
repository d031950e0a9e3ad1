"""Channels in quarantine: which are, putting one there, and lifting it by two people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.quarantine import lift_quarantine, quarantine, standing
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/quarantine")
async def show_channels(request: Request) -> Response:
    """Every channel, and what can be done."""
    return await _show(request)


@router.post("/quarantine/{channel}")
async def take_quarantine(
    request: Request, channel: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Stop everything on a channel."""
    done = await attempted(
        quarantine(engine_of(request), channel, actor=actor(request), reason=reason)
    )
    return await _show(request, done) if isinstance(done, Refused) else see("/quarantine")


@router.post("/quarantine/{channel}/lift")
async def take_lift(request: Request, channel: str) -> Response:
    """Say that it is ours again."""
    done = await attempted(lift_quarantine(engine_of(request), channel, actor=actor(request)))
    return await _show(request, done) if isinstance(done, Refused) else see("/quarantine")


async def _show(request: Request, refused: Refused | None = None) -> Response:
    return page(
        request,
        "quarantine",
        "Quarantine",
        refused.status if refused else 200,
        channels=await standing(engine_of(request)),
        me=actor(request).person,
        refusal=refused.explanation if refused else None,
    )
