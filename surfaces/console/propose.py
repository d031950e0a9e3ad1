"""Proposing and revising: the same form, from a template or in own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from client.asking import incident_status
from client.errors import WrongInput
from client.facts import read_facts
from client.incident_plan import Choices, choices_of
from client.messages import propose, read_message, revise
from client.patience import soon
from client.promised_time import promised_time
from domain.facts import Facts
from domain.message import FREE_SUBJECT, FREE_TEXT, MessageKind
from domain.page_entry import ComponentState
from domain.status import MessageStatus
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

_FOR, _COMPONENT = "for:", "component:"


@router.get("/incidents/{slug}/propose")
async def show_form(request: Request, slug: str, kind: str = "") -> Response:
    """The form for a new message."""
    return await _show(request, slug, None, {"kind": kind, "notify": "yes"})


@router.post("/incidents/{slug}/messages")
async def take_proposal(request: Request, slug: str) -> Response:
    """Propose it, and show exactly what is to be signed."""
    form = await request.form()
    made = await attempted(_propose(request, slug, form))
    return await _answer(request, slug, None, form, made)


@router.get("/incidents/{slug}/messages/{number}/revise")
async def show_revision(request: Request, slug: str, number: int) -> Response:
    """The form for a new revision, with the states that the message sets now."""
    message, document = await soon(read_message(engine_of(request), slug, number))
    states = document.page.components if document.page else ()
    typed = {f"{_COMPONENT}{one.name}": one.state or "" for one in states}
    typed |= {"kind": message.kind, "notify": "yes" if message.notify else ""}
    return await _show(request, slug, number, typed)


@router.post("/incidents/{slug}/messages/{number}/revisions")
async def take_revision(request: Request, slug: str, number: int) -> Response:
    """Revise it, and show exactly what is to be signed."""
    form = await request.form()
    made = await attempted(_revise(request, slug, number, form))
    return await _answer(request, slug, number, form, made)


async def _propose(request: Request, slug: str, form: FormData) -> MessageStatus:
    typed = _typed(form)
    if typed.get("kind") not in set(MessageKind):
        raise WrongInput("No kind of message was chosen.", "Choose one.")
    return await propose(
        engine_of(request),
        slug,
        MessageKind(typed["kind"]),
        actor=actor(request),
        copy=_copy(typed),
        next_update_by=_promise(typed),
        components=_states(typed),
        notify=bool(typed.get("notify")),
    )


async def _revise(request: Request, slug: str, number: int, form: FormData) -> MessageStatus:
    typed = _typed(form)
    return await revise(
        engine_of(request),
        slug,
        number,
        actor=actor(request),
        copy=_copy(typed),
        next_update_by=_promise(typed),
        promise_none=bool(typed.get("promise_none")),
        components=_states(typed),
        notify=bool(typed.get("notify")),
    )


async def _answer(
    request: Request, slug: str, number: int | None, form: FormData, made: MessageStatus | Refused
) -> Response:
    if isinstance(made, Refused):
        return await _show(request, slug, number, _typed(form), made)
    return see(f"/incidents/{slug}/messages/{made.number}/sign")


async def _show(
    request: Request,
    slug: str,
    number: int | None,
    typed: Mapping[str, str],
    refused: Refused | None = None,
) -> Response:
    engine = engine_of(request)
    # What was typed is kept, whatever cannot be read beside it.
    status = await attempted(soon(incident_status(engine, slug)))
    choices = Choices() if isinstance(status, Refused) else await choices_of(engine, status)
    if isinstance(status, Refused):
        refused = refused or status
    known = await attempted(soon(read_facts(engine, slug)))
    words = {} if isinstance(known, Refused) else known.words
    context: dict[str, Any] = {
        "slug": slug,
        "number": number,
        "typed": typed,
        "choices": choices,
        "states": list(ComponentState),
        "known": {name: str(words[name]) for name in Facts.model_fields if words.get(name)},
        "refusal": refused.explanation if refused else None,
    }
    title = f"Revise message {number}" if number else "Propose a message"
    return page(request, "propose", title, refused.status if refused else 200, **context)


def _typed(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def _copy(typed: Mapping[str, str]) -> dict[str, str] | None:
    """Free copy, or None for the template."""
    if typed.get("words") != "own":
        return None
    copy = {FREE_TEXT: _lines(typed.get("text", ""))}
    if typed.get("subject", "").strip():
        copy[FREE_SUBJECT] = typed["subject"].strip()
    for name, text in typed.items():
        if name.startswith(_FOR) and text.strip():
            copy[name.removeprefix(_FOR)] = _lines(text)
    return copy


def _promise(typed: Mapping[str, str]) -> datetime | None:
    text = typed.get("next_update_by", "").strip()
    return promised_time(text, datetime.now(UTC)) if text else None


def _states(typed: Mapping[str, str]) -> dict[str, ComponentState]:
    return {
        name.removeprefix(_COMPONENT): ComponentState(state)
        for name, state in typed.items()
        if name.startswith(_COMPONENT) and state in set(ComponentState)
    }


def _lines(text: str) -> str:
    # A form sends its lines as MIME does.
    return text.replace("\r\n", "\n")
