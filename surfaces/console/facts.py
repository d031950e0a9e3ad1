"""Facts: what is known so far, for the messages to come."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.facts import read_facts
from client.patience import soon
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see
from surfaces.console.typed_facts import TypedFacts
from surfaces.console.typed_message import texts_of

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/facts")
async def show_facts(request: Request, slug: str) -> Response:
    """A form with all that is known."""
    known = await soon(read_facts(engine_of(request), slug))
    return _show(request, slug, TypedFacts.recorded(known))


@router.post("/incidents/{slug}/facts")
async def take_facts(request: Request, slug: str) -> Response:
    """Record what was typed, unless somebody else has changed it meanwhile."""
    engine = engine_of(request)
    typed = TypedFacts.of(texts_of(await request.form()))
    recorded = await attempted(typed.record(engine, slug, actor(request)))
    if isinstance(recorded, Refused):
        found = await attempted(soon(typed.after_refusal(engine, slug)))
        return _show(request, slug, typed if isinstance(found, Refused) else found, recorded)
    return see(f"/incidents/{slug}")


def _show(
    request: Request, slug: str, typed: TypedFacts, refused: Refused | None = None
) -> Response:
    return page(
        request,
        "facts",
        "What is known",
        refused.status if refused else 200,
        slug=slug,
        facts=typed,
        refusal=refused.explanation if refused else None,
    )
