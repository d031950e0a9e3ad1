"""The words as they would go out, while somebody is writing; nothing is proposed by it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from client.asking import incident_status
from client.errors import WrongInput
from client.messages import message_of
from client.patience import soon
from client.preview import CopyPreview, preview
from domain.explanation import Explanation
from domain.message import MessageKind
from surfaces.console.access import engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import part
from surfaces.console.sign import MAIL_CSP
from surfaces.console.typed_message import TypedMessage

router = APIRouter(route_class=Page)


class Mails:
    """The newest HTML mails that were previewed, each under a name that nobody can guess."""

    MOST = 200

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def keep(self, html: str) -> str:
        """Keep one for a while; returns its name."""
        name = secrets.token_urlsafe(16)
        self._kept[name] = html
        while len(self._kept) > self.MOST:
            self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> str:
        """The mail of that name; ``WrongInput`` if it is gone."""
        if name not in self._kept:
            raise WrongInput("This preview is gone.", "Change something, and it is made again.")
        return self._kept[name]


@router.get("/previews/{name}")
async def show_mail(request: Request, name: str) -> Response:
    """A mail as its readers would see it, for a frame that can do nothing."""
    mails: Mails = request.app.state.mails
    return HTMLResponse(mails.get(name), headers={"Content-Security-Policy": MAIL_CSP})


@router.post("/incidents/{slug}/preview")
async def preview_new(request: Request, slug: str) -> Response:
    """What a new message would say; for a script, which puts it beside the form."""
    return HTMLResponse(await shown(request, slug, None, TypedMessage.of(await request.form())))


@router.post("/incidents/{slug}/messages/{number}/preview")
async def preview_revision(request: Request, slug: str, number: int) -> Response:
    """What a revision would say."""
    return HTMLResponse(await shown(request, slug, number, TypedMessage.of(await request.form())))


async def shown(request: Request, slug: str, number: int | None, typed: TypedMessage) -> str:
    """The part of a page that shows what was typed on each channel, or why it cannot go out."""
    found = await attempted(_previewed(request, slug, number, typed))
    why: Explanation | None = found.explanation if isinstance(found, Refused) else None
    mails: Mails = request.app.state.mails
    copies: list[dict[str, Any]] = []
    for one in () if isinstance(found, Refused) else found:
        html = one.copy_.html if one.copy_ else None
        copies.append({"one": one, "mail": f"/previews/{mails.keep(html)}" if html else None})
    return part(request, "preview", copies=copies, why=why)


async def _previewed(
    request: Request, slug: str, number: int | None, typed: TypedMessage
) -> tuple[CopyPreview, ...]:
    engine = engine_of(request)
    status = await soon(incident_status(engine, slug))
    promise = typed.promise()
    if number is None:
        kind = typed.kind()
    else:
        message = message_of(status, number)
        kind = MessageKind(message.kind)
        if promise is None and not typed.promises_none:
            promise = message.next_update_by
    return await preview(
        engine,
        status,
        kind,
        number=number,
        copy=typed.copy(),
        next_update_by=promise,
        components=typed.states(),
        notify=typed.notify,
        facts=typed.facts().facts(),
    )
