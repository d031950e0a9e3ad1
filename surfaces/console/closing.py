"""Closing an incident, and withdrawing a message: each asked once more, with what it does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.asking import incident_status
from client.incidents import close
from client.messages import message_of
from client.patience import soon
from client.publications import withdraw
from domain.publication import PublicationState
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/close")
async def ask_to_close(request: Request, slug: str) -> Response:
    """What closing does."""
    return await _ask_to_close(request, slug)


@router.post("/incidents/{slug}/closure")
async def take_closure(request: Request, slug: str, waive: Annotated[str, Form()] = "") -> Response:
    """Close it."""
    closed = await attempted(
        close(engine_of(request), slug, actor=actor(request), waive=waive.strip())
    )
    if isinstance(closed, Refused):
        return await _ask_to_close(request, slug, waive, closed)
    return see(f"/incidents/{slug}")


@router.get("/incidents/{slug}/messages/{number}/withdraw")
async def ask_to_withdraw(request: Request, slug: str, number: int) -> Response:
    """What withdrawing does."""
    return await _ask_to_withdraw(request, slug, number)


@router.post("/incidents/{slug}/messages/{number}/withdrawal")
async def take_withdrawal(
    request: Request, slug: str, number: int, reason: Annotated[str, Form()] = ""
) -> Response:
    """Withdraw it; what can be taken back is taken back after this."""
    done = await attempted(
        withdraw(engine_of(request), slug, number, actor=actor(request), reason=reason.strip())
    )
    if isinstance(done, Refused):
        return await _ask_to_withdraw(request, slug, number, reason, done)
    return see(f"/incidents/{slug}#message-{number}")


async def _ask_to_close(
    request: Request, slug: str, waive: str = "", refused: Refused | None = None
) -> Response:
    status = await soon(incident_status(engine_of(request), slug))
    return page(
        request,
        "close",
        f"Close {slug}?",
        refused.status if refused else 200,
        slug=slug,
        incident_title=status.title,
        waive=waive,
        refusal=refused.explanation if refused else None,
    )


async def _ask_to_withdraw(
    request: Request, slug: str, number: int, reason: str = "", refused: Refused | None = None
) -> Response:
    status = await soon(incident_status(engine_of(request), slug))
    message = message_of(status, number)
    there = (PublicationState.ACCEPTED, PublicationState.PARTLY_ACCEPTED, PublicationState.SENDING)
    return page(
        request,
        "withdraw",
        f"Withdraw message {number}?",
        refused.status if refused else 200,
        slug=slug,
        message=message,
        out=[one for one in message.outcomes if one.state in there],
        reason=reason,
        refusal=refused.explanation if refused else None,
    )
