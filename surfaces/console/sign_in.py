"""Signing in by a link, and signing out. Opening a link changes nothing: a POST spends it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.signing_in import people_here, refuse_spent, sign_in, sign_out
from surfaces.console.access import cookie_name, engine_of, set_cookie
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/enter/{token}")
async def show_people(request: Request, token: str) -> Response:
    """Who is it? Changes nothing."""
    refused = await attempted(refuse_spent(engine_of(request), token))
    if isinstance(refused, Refused):
        return _link_refused(request, refused)
    people = await people_here(engine_of(request))
    return page(request, "enter", "Who are you?", token=token, people=people)


@router.post("/enter/{token}")
async def enter(request: Request, token: str, person: Annotated[str, Form()] = "") -> Response:
    """Spend the link, and begin a session with a new id."""
    engine = engine_of(request)
    begun = await attempted(sign_in(engine, token, person))
    if isinstance(begun, Refused):
        return _link_refused(request, begun)
    await sign_out(engine, request.cookies.get(cookie_name(request), ""))
    answer = see("/")
    set_cookie(request, answer, begun)
    return answer


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    """End the session."""
    await sign_out(engine_of(request), request.cookies.get(cookie_name(request), ""))
    answer = see("/")
    set_cookie(request, answer, "")
    return answer


def _link_refused(request: Request, refused: Refused) -> Response:
    return page(
        request,
        "sign_in",
        "Sign in to Frontfoot",
        refused.status,
        explanation=refused.explanation,
    )
