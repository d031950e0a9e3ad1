"""Mail under way: pause, resume, stop. And a publication that went wrong: look, settle, retry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.asking import incident_status
from client.broadcasts import steer_broadcast
from client.mail_progress import mails_of
from client.messages import destination_of, message_of
from client.patience import soon
from client.publications import retry_channel, settle
from domain.broadcasting import BroadcastAction
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

_MESSAGE = "/incidents/{slug}/messages/{number}"


@router.get(_MESSAGE + "/mail")
async def show_mail(request: Request, slug: str, number: int) -> Response:
    """How far each mailing of a message is, and what can be done to it."""
    return await _show_mail(request, slug, number)


@router.post(_MESSAGE + "/mail")
async def steer_mail(
    request: Request,
    slug: str,
    number: int,
    action: Annotated[BroadcastAction, Form()],
    channel: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Pause, resume or stop one mailing."""
    steered = await attempted(
        steer_broadcast(
            engine_of(request),
            slug,
            number,
            action,
            actor=actor(request),
            channel=channel,
            audience=audience or None,
            reason=reason.strip(),
        )
    )
    if isinstance(steered, Refused):
        return await _show_mail(request, slug, number, steered)
    return see(f"/incidents/{slug}#message-{number}")


@router.get(_MESSAGE + "/publications")
async def show_publication(
    request: Request, slug: str, number: int, channel: str = "", audience: str = ""
) -> Response:
    """What went wrong at one destination, and what can be done about it."""
    return await _show_publication(request, slug, number, channel, audience)


@router.post(_MESSAGE + "/retries")
async def take_retry(
    request: Request,
    slug: str,
    number: int,
    channel: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "",
) -> Response:
    """Publish it once more where it was refused."""
    done = await attempted(
        retry_channel(
            engine_of(request),
            slug,
            number,
            channel,
            actor=actor(request),
            audience=audience or None,
        )
    )
    if isinstance(done, Refused):
        return await _show_publication(request, slug, number, channel, audience, done)
    return see(f"/incidents/{slug}#message-{number}")


@router.post(_MESSAGE + "/settlements")
async def take_settlement(
    request: Request,
    slug: str,
    number: int,
    went_out: Annotated[bool, Form()],
    channel: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "",
    url: Annotated[str, Form()] = "",
) -> Response:
    """Enter what somebody saw at the platform."""
    done = await attempted(
        settle(
            engine_of(request),
            slug,
            number,
            channel,
            actor=actor(request),
            went_out=went_out,
            audience=audience or None,
            url=url.strip() or None,
        )
    )
    if isinstance(done, Refused):
        return await _show_publication(request, slug, number, channel, audience, done)
    return see(f"/incidents/{slug}#message-{number}")


async def _show_mail(
    request: Request, slug: str, number: int, refused: Refused | None = None
) -> Response:
    engine = engine_of(request)
    message = message_of(await soon(incident_status(engine, slug)), number)
    return page(
        request,
        "mail",
        f"The mail of message {number}",
        refused.status if refused else 200,
        slug=slug,
        message=message,
        mails=await mails_of(engine, slug, message),
        refusal=refused.explanation if refused else None,
    )


async def _show_publication(
    request: Request,
    slug: str,
    number: int,
    channel: str,
    audience: str,
    refused: Refused | None = None,
) -> Response:
    message = message_of(await soon(incident_status(engine_of(request), slug)), number)
    place = destination_of(message, channel, audience or None)
    outcome = next(one for one in message.outcomes if one.destination == place)
    return page(
        request,
        "publication",
        f"Message {number} on {place}",
        refused.status if refused else 200,
        slug=slug,
        message=message,
        outcome=outcome,
        refusal=refused.explanation if refused else None,
    )
