"""Releasing a holding statement: the first word within minutes, by one person on duty."""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.engine import Request as Repeatable
from client.errors import WrongInput
from client.holding import (
    approved_statements,
    offers,
    prepared_statements,
    propose_holding,
    release,
)
from client.patience import soon
from client.playbooks import read_files
from client.promised_time import promised_time
from domain.status import MessageStatus
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)
BLANK = "blank:"
"""Before the name of a blank, among the fields of the form."""

_REQUEST = re.compile(r"[0-9a-f]{32}")


@router.get("/holding")
async def show_approved(request: Request) -> Response:
    """Which statements are approved, until when, and what their blanks take."""
    return await _show_approved(request)


@router.post("/holding/proposals")
async def take_proposal(
    request: Request,
    playbook: Annotated[str, Form()] = "",
    request_id: Annotated[str, Form(alias="request")] = "",
) -> Response:
    """Put those of a playbook before their gate, and show exactly what is to be signed."""
    made = await attempted(_propose(request, playbook, request_id))
    if isinstance(made, Refused):
        return await _show_approved(request, made)
    slug, message = made
    return see(f"/incidents/{slug}/messages/{message.number}/sign")


@router.get("/incidents/{slug}/release")
async def show_form(request: Request, slug: str) -> Response:
    """The statements that can be released now, each with its blanks."""
    return await _show(request, slug, {})


@router.post("/incidents/{slug}/releases")
async def take_release(request: Request, slug: str) -> Response:
    """Publish one."""
    form = await request.form()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}

    async def work() -> MessageStatus:
        text = typed.get("next_update_by", "").strip()
        return await release(
            engine_of(request),
            slug,
            typed.get("statement", ""),
            actor=actor(request),
            blanks={
                name.removeprefix(BLANK): _moment(value)
                for name, value in typed.items()
                if name.startswith(BLANK)
            },
            next_update_by=promised_time(text, datetime.now(UTC)) if text else None,
        )

    done = await attempted(work())
    if isinstance(done, Refused):
        return await _show(request, slug, typed, done)
    return see(f"/incidents/{slug}")


async def _propose(request: Request, playbook: str, request_id: str) -> tuple[str, MessageStatus]:
    engine = engine_of(request)
    if _REQUEST.fullmatch(request_id):
        # The button may be pressed twice before the first answer is there.
        engine = engine.repeatable(Repeatable(request_id))
    if playbook not in {one.playbook for one in await prepared_statements(engine)}:
        raise WrongInput("There are no holding statements of that playbook.", "Choose another.")
    files = await asyncio.to_thread(read_files, engine.settings, playbook)
    return await propose_holding(engine, files, playbook, actor=actor(request))


async def _show_approved(request: Request, refused: Refused | None = None) -> Response:
    engine = engine_of(request)
    approved = [one for one in await approved_statements(engine) if one.newest]
    # A playbook that cannot be read has a page of its own: readiness says what is wrong with it.
    prepared = await attempted(prepared_statements(engine))
    return page(
        request,
        "holding",
        "Holding statements",
        refused.status if refused else 200,
        approved=approved,
        prepared=[] if isinstance(prepared, Refused) else prepared,
        request_id=secrets.token_hex(16),
        refusal=refused.explanation if refused else None,
    )


async def _show(
    request: Request, slug: str, typed: dict[str, str], refused: Refused | None = None
) -> Response:
    return page(
        request,
        "release",
        "Release a holding statement",
        refused.status if refused else 200,
        slug=slug,
        offers=await soon(offers(engine_of(request), slug)),
        typed=typed,
        refusal=refused.explanation if refused else None,
    )


def _moment(value: str) -> str:
    """What a field for a moment sends has no zone; the page says that it is UTC."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return at.replace(tzinfo=UTC).isoformat() if at.tzinfo is None else value
