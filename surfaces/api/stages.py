"""Stages: moving an incident on, or back, without a message."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request

from client.incidents import advance
from domain.stage import Stage
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.incident_shapes import Incident, shown_status
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, SlugInPath
from surfaces.api.views import done

router = APIRouter(route_class=Resource, prefix=BASE, tags=["incidents"])


class Moving(Asked):
    """The stage to move to. Proposing a message moves by itself, and closing is a closure."""

    to: Literal["acknowledge", "assure", "resolve", "make_good"]


@router.post("/incidents/{slug}/stages", status_code=201)
async def move_incident(request: Request, slug: SlugInPath, asked: Moving) -> Incident:
    """Move an incident to another stage. Refused where its stage does not lead there."""
    work = advance(engine_of(request), slug, Stage(asked.to), actor=actor(request))
    return shown_status(await done(request, slug, work))
