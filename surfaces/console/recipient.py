"""Did they get it: one box for an address, which is in no URL and in no log."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.exports import export_recipient
from client.recipient import RecipientHistory, recipient_history
from domain.installation import Happened
from surfaces.console.access import engine_of
from surfaces.console.exports import handed_out
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/recipient")
async def ask(request: Request, slug: str) -> Response:
    """The box alone."""
    return _show(request, slug)


@router.post("/incidents/{slug}/recipient")
async def look_up(request: Request, slug: str, address: Annotated[str, Form()] = "") -> Response:
    """What the ledger has of them. A POST, so that the address stays out of URLs and logs."""
    found = await attempted(recipient_history(engine_of(request), slug, address))
    if isinstance(found, Refused):
        return _show(request, slug, address, refused=found)
    return _show(request, slug, address, found)


@router.post("/incidents/{slug}/recipient/file")
async def take_away(request: Request, slug: str, address: Annotated[str, Form()] = "") -> Response:
    """The same as a file, whose name does not say whose it is."""
    work = partial(export_recipient, engine_of(request), slug, address)
    name = f"{slug}-recipient.csv"
    done = await attempted(handed_out(request, Happened.RECIPIENT_EXPORTED, slug, name, work))
    if isinstance(done, Refused):
        return _show(request, slug, address, refused=done)
    return done


def _status(refused: Refused | None) -> int:
    # What is no address is input, whichever rule says so.
    return 200 if refused is None else 422 if refused.status == 409 else refused.status


def _show(
    request: Request,
    slug: str,
    address: str = "",
    found: RecipientHistory | None = None,
    refused: Refused | None = None,
) -> Response:
    return page(
        request,
        "recipient",
        "Did they get it?",
        _status(refused),
        slug=slug,
        address=address,
        found=found,
        refusal=refused.explanation if refused else None,
    )
