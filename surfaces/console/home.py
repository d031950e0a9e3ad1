"""The first page: what waits for you, what is open, what is over; or how to sign in."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.administration import waiting_passkeys
from client.desk import open_mentions
from client.next_steps import next_steps
from client.overview import Overview, overview
from domain.abilities import Ability
from surfaces.console.abilities import lacking
from surfaces.console.access import engine_of, maybe_signed_in, session
from surfaces.console.failures import Page
from surfaces.console.live import repeated
from surfaces.console.rendering import page, part
from surfaces.console.sign_in import sign_in_page

EVERY = timedelta(seconds=5)

router = APIRouter(route_class=Page)
live = APIRouter(route_class=Page)


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request) -> Response:
    """The home page, or the sign-in page."""
    if await maybe_signed_in(request) is None:
        return sign_in_page(request)
    administrates = lacking(request, Ability.ADMINISTRATE) is None
    return page(
        request,
        "home",
        "What waits for you",
        next_steps=next_steps,
        overview=await _overview(request),
        said=await open_mentions(engine_of(request)),
        waiting=await waiting_passkeys(engine_of(request)) if administrates else 0,
    )


@live.get("/live")
async def home_live(request: Request) -> Response:
    """The same, again and again."""

    async def render() -> str:
        return part(request, "home", overview=await _overview(request), next_steps=next_steps)

    return repeated(request, render, EVERY)


async def _overview(request: Request) -> Overview:
    return await overview(engine_of(request), session(request).person.id)
