"""A person's passkeys: see, add and remove one's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from client.passkey_browser import unusable_at
from client.passkeys import (
    begin_enrolment,
    finish_enrolment,
    passkey_of,
    passkeys_of,
    remove_passkey,
)
from client.recovery_codes import codes_left
from client.second_person import waits, who_may_confirm, why_waiting
from surfaces.console.access import engine_of, origin, session
from surfaces.console.failures import Page, Refused, attempted, refused_as_json
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/passkeys")
async def show_passkeys(request: Request) -> Response:
    """Those that are in force, and a form to add one."""
    return await _show(request)


@router.post("/passkeys/requests")
async def ask_for_passkey(request: Request) -> Response:
    """What the browser has to be asked so that it makes one; nothing is enrolled yet."""
    person = session(request).person
    work = begin_enrolment(engine_of(request), person.id, person.shown, origin(request))
    asked = await attempted(work)
    if isinstance(asked, Refused):
        return refused_as_json(asked)
    return JSONResponse(asked.model_dump(mode="json"))


@router.post("/passkeys")
async def take_passkey(
    request: Request,
    token: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Enrol what the browser has made."""
    person = session(request).person.id
    added = await attempted(
        finish_enrolment(
            engine_of(request),
            person,
            token,
            answer,
            by=person,
            origin=origin(request),
            name=name,
            waits=waits(engine_of(request).settings, session(request)),
        )
    )
    if isinstance(added, Refused):
        return await _show(request, added, name)
    return see("/passkeys")


@router.get("/passkeys/{credential}/remove")
async def ask_to_remove(request: Request, credential: str) -> Response:
    """The question before it."""
    found = await passkey_of(engine_of(request), session(request).person.id, credential)
    return page(request, "remove_passkey", "Remove a passkey", one=found)


@router.post("/passkeys/{credential}/removal")
async def take_removal(request: Request, credential: str) -> Response:
    """Remove it, at once and for good."""
    await remove_passkey(engine_of(request), session(request).person.id, credential)
    return see("/passkeys")


async def _show(request: Request, refused: Refused | None = None, name: str = "") -> Response:
    engine, now = engine_of(request), session(request)
    return page(
        request,
        "passkeys",
        "Your passkeys",
        refused.status if refused else 200,
        mine=await passkeys_of(engine, now.person.id),
        why_waiting=why_waiting(now),
        confirmers=who_may_confirm(now, now.person.id),
        codes_left=await codes_left(engine, now.person.id),
        here=origin(request),
        unusable=unusable_at(origin(request)),
        refusal=refused.explanation if refused else None,
        typed=name,
    )
