"""Send me a test: one mail to oneself, of exactly what waits to be signed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.messages import read_message
from client.patience import soon
from client.samples import in_words, mail_copies, my_samples, send_sample
from surfaces.console.access import actor, engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

_TESTS = "/incidents/{slug}/messages/{number}/tests"


@router.get(_TESTS)
async def ask(request: Request, slug: str, number: int) -> Response:
    """The form, and what became of earlier tests."""
    return await _ask(request, slug, number)


@router.post(_TESTS)
async def take(
    request: Request,
    slug: str,
    number: int,
    address: Annotated[str, Form()] = "",
    which: Annotated[str, Form()] = "",
) -> Response:
    """Have it sent."""
    done = await attempted(
        send_sample(
            engine_of(request), slug, number, actor=actor(request), address=address, which=which
        )
    )
    if isinstance(done, Refused):
        return await _ask(request, slug, number, done, address)
    return see(f"/incidents/{slug}/messages/{number}/tests")


async def _ask(
    request: Request, slug: str, number: int, refused: Refused | None = None, address: str = ""
) -> Response:
    engine, person = engine_of(request), session(request).person.id
    message, document = await soon(read_message(engine, slug, number))
    return page(
        request,
        "tests",
        "Send me a test",
        refused.status if refused else 200,
        slug=slug,
        message=message,
        copies=mail_copies(document),
        samples=await my_samples(engine, slug, number, person),
        in_words=in_words,
        address=address,
        refusal=refused.explanation if refused else None,
    )
