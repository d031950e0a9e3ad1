"""Tokens of the API: everybody's, and a new one for whoever makes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.second_person import refuse_unvouched
from client.tokens import NAME_LIMIT, create_token, list_tokens, scopes_of
from domain.actor import Surface
from domain.tokens import Scope
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)

HERE = "/administration/tokens"
DAYS = (30, 90, 365)
"""How long a token can be made to work here, in days."""


@router.get(HERE)
async def show(request: Request) -> Response:
    """Every token, and the form for a new one."""
    return await _show(request, {})


@router.post(HERE)
async def make(
    request: Request,
    name: Annotated[str, Form()] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = 90,
) -> Response:
    """Make one for whoever asks. It is in this answer and nowhere else.

    One for somebody else would act in their name without their knowing.
    """
    typed = {"name": name, "scopes": scope or [], "days": days}
    made = await attempted(_made(request, name, scope or [], days))
    if isinstance(made, Refused):
        return await _show(request, typed, made)
    return page(
        request,
        "secret",
        "Your new token",
        back=(HERE, "Tokens"),
        secret=made,
        what="token",
        then="The system that uses it sends it with each request, behind the word Bearer in the "
        "header Authorization.",
    )


async def _made(request: Request, name: str, scopes: list[str], days: int) -> str:
    engine, me = engine_of(request), session(request).person.id
    refuse_unvouched(engine.settings, session(request), "make a token")
    made = await create_token(
        engine,
        me,
        scopes_of(scopes),
        by=me,
        surface=Surface.CONSOLE,
        lasts=timedelta(days=days if days in DAYS else DAYS[0]),
        name=name,
    )
    return made.secret


async def _show(
    request: Request, typed: dict[str, object], refused: Refused | None = None
) -> Response:
    return page(
        request,
        "tokens",
        "Tokens",
        refused.status if refused else 200,
        tokens=await list_tokens(engine_of(request)),
        scopes=[(one.value, one.in_words) for one in Scope],
        all_days=DAYS,
        typed={"name": "", "scopes": [], "days": 90} | typed,
        most=NAME_LIMIT,
        me=session(request).person.shown,
        refusal=refused.explanation if refused else None,
    )
