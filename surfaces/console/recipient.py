"""Did they get it: one box for an address, which is in no URL and in no log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.recipient import RecipientHistory, recipient_history
from surfaces.console.access import engine_of
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
        refusal = Refused(found.explanation, 422) if found.status == 409 else found
        return _show(request, slug, address, refused=refusal)
    return _show(request, slug, address, found)


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
        refused.status if refused else 200,
        slug=slug,
        address=address,
        found=found,
        refusal=refused.explanation if refused else None,
    )
