"""Handing over: all that one has claimed becomes somebody else's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.desk_shifts import hand_over
from surfaces.console.access import actor, engine_of
from surfaces.console.desk import Filters, show_refused
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import see

router = APIRouter(route_class=Page)


@router.post("/desk/hand-overs")
async def take_hand_over(request: Request, to: Annotated[str, Form()] = "") -> Response:
    """Give all that whoever is signed in has claimed to somebody else."""
    done = await attempted(hand_over(engine_of(request), to, actor=actor(request)))
    mine = Filters(mine=True)
    if isinstance(done, Refused):
        return await show_refused(request, mine, done)
    return see(mine.href())
