"""Proposing and revising: the same form, from a template or in own words."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from client.asking import incident_status
from client.engine import Engine
from client.facts import read_facts
from client.incident_plan import Choices, choices_of
from client.messages import propose, read_message, revise
from client.patience import soon
from domain.message import MessageKind
from domain.page_entry import ComponentState
from domain.status import MessageStatus
from surfaces.console.access import actor, engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.previews import shown
from surfaces.console.rendering import page, see
from surfaces.console.typed_facts import TypedFacts
from surfaces.console.typed_message import COMPONENT, TypedMessage

router = APIRouter(route_class=Page)

_PROMISING = (MessageKind.ANNOUNCEMENT, MessageKind.PROGRESS_UPDATE)
"""The kinds after which people expect another word."""


@router.get("/incidents/{slug}/propose")
async def show_form(request: Request, slug: str, kind: str = "") -> Response:
    """The form for a new message."""
    typed = TypedMessage({"kind": kind, "notify": "yes"})
    return await _show(request, slug, None, typed, suggests=kind in _PROMISING)


@router.post("/incidents/{slug}/messages")
async def take_proposal(request: Request, slug: str) -> Response:
    """Propose it, and show exactly what is to be signed."""
    typed = TypedMessage.of(await request.form())
    if typed.fields.get("preview"):
        return await _show(request, slug, None, typed)
    made = await attempted(_propose(request, slug, typed))
    return await _answer(request, slug, None, typed, made)


@router.get("/incidents/{slug}/messages/{number}/revise")
async def show_revision(request: Request, slug: str, number: int) -> Response:
    """The form for a new revision, with the states that the message sets now."""
    message, document = await soon(read_message(engine_of(request), slug, number))
    states = document.page.components if document.page else ()
    fields = {f"{COMPONENT}{one.name}": one.state or "" for one in states}
    fields |= {"kind": message.kind, "notify": "yes" if message.notify else ""}
    return await _show(request, slug, number, TypedMessage(fields))


@router.post("/incidents/{slug}/messages/{number}/revisions")
async def take_revision(request: Request, slug: str, number: int) -> Response:
    """Revise it, and show exactly what is to be signed."""
    typed = TypedMessage.of(await request.form())
    if typed.fields.get("preview"):
        return await _show(request, slug, number, typed)
    made = await attempted(_revise(request, slug, number, typed))
    return await _answer(request, slug, number, typed, made)


async def _propose(request: Request, slug: str, typed: TypedMessage) -> MessageStatus:
    await typed.facts().record(engine_of(request), slug, actor(request))
    return await propose(
        engine_of(request),
        slug,
        typed.kind(),
        actor=actor(request),
        copy=typed.copy(),
        next_update_by=typed.promise(),
        components=typed.states(),
        notify=typed.notify,
        owner=typed.owner(),
    )


async def _revise(request: Request, slug: str, number: int, typed: TypedMessage) -> MessageStatus:
    await typed.facts().record(engine_of(request), slug, actor(request))
    return await revise(
        engine_of(request),
        slug,
        number,
        actor=actor(request),
        copy=typed.copy(),
        next_update_by=typed.promise(),
        promise_none=typed.promises_none,
        components=typed.states(),
        notify=typed.notify,
    )


async def _answer(
    request: Request,
    slug: str,
    number: int | None,
    typed: TypedMessage,
    made: MessageStatus | Refused,
) -> Response:
    if isinstance(made, Refused):
        return await _show(request, slug, number, typed, made)
    return see(f"/incidents/{slug}/messages/{made.number}/sign")


async def _facts(engine: Engine, slug: str, typed: TypedMessage, refused: bool) -> TypedFacts:
    facts = typed.facts()
    if not facts.words:
        return TypedFacts.recorded(await read_facts(engine, slug))
    return await facts.after_refusal(engine, slug) if refused else facts


async def _show(
    request: Request,
    slug: str,
    number: int | None,
    typed: TypedMessage,
    refused: Refused | None = None,
    *,
    suggests: bool = False,
) -> Response:
    engine = engine_of(request)
    # What was typed is kept, whatever cannot be read beside it.
    status = await attempted(soon(incident_status(engine, slug)))
    choices = Choices() if isinstance(status, Refused) else await choices_of(engine, status)
    choices = typed.kept_in(choices)
    if isinstance(status, Refused):
        refused = refused or status
    expected = None if isinstance(status, Refused) else status.suggested_promise
    if expected is not None and suggests:
        # With its day: a form that is sent too late must not promise tomorrow's.
        typed = typed.promising(expected)
    facts = await attempted(soon(_facts(engine, slug, typed, refused is not None)))
    context: dict[str, Any] = {
        "slug": slug,
        "number": number,
        "typed": typed.fields,
        "preview": Markup(await shown(request, slug, number, typed)) if typed.fields else "",
        "choices": choices,
        "expected": expected,
        "owners": _owners(request, choices),
        "states": list(ComponentState),
        "facts": typed.facts() if isinstance(facts, Refused) else facts,
        "refusal": refused.explanation if refused else None,
    }
    title = f"Revise message {number}" if number else "Propose a message"
    return page(request, "propose", title, refused.status if refused else 200, **context)


def _owners(request: Request, choices: Choices) -> list[tuple[str, str]]:
    """Who else could keep the promise: their handle, and their name as it is shown."""
    now = session(request)
    shown = {one.id: one.shown for one in now.everybody}
    return [(one, shown.get(one, one)) for one in choices.people if one != now.person.id]
