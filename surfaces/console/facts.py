"""Facts: what is known so far, for the messages to come."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.facts import facts_of, read_facts, record_facts
from client.patience import soon
from domain.facts import Facts
from domain.status import IncidentStatus
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/facts")
async def show_facts(request: Request, slug: str) -> Response:
    """A form with all that is known."""
    known = await soon(read_facts(engine_of(request), slug))
    typed = {name: str(text) for name, text in known.words.items() if text}
    return _show(request, slug, typed, known.draft or "")


@router.post("/incidents/{slug}/facts")
async def take_facts(request: Request, slug: str) -> Response:
    """Record what was typed, unless somebody else has changed it meanwhile."""
    form = await request.form()
    typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    based_on = typed.pop("based_on", "")
    recorded = await attempted(_record(request, slug, typed, based_on))
    if isinstance(recorded, Refused):
        return _show(request, slug, typed, based_on, recorded)
    return see(f"/incidents/{slug}")


async def _record(
    request: Request, slug: str, typed: Mapping[str, str], based_on: str
) -> IncidentStatus:
    engine = engine_of(request)
    facts: dict[str, object] = {
        name: typed[name].replace("\r\n", "\n").strip()
        for name in Facts.model_fields
        if name in typed
    }
    if facts.get("prevention_due") == "":
        facts["prevention_due"] = None
    known = await facts_of(engine, slug, based_on or None)
    return await record_facts(engine, slug, actor=actor(request), facts=facts, known=known)


def _show(
    request: Request,
    slug: str,
    typed: Mapping[str, str],
    based_on: str,
    refused: Refused | None = None,
) -> Response:
    fields = {name: one.description or name for name, one in Facts.model_fields.items()}
    return page(
        request,
        "facts",
        "What is known",
        refused.status if refused else 200,
        slug=slug,
        fields=fields,
        typed=typed,
        based_on=based_on,
        refusal=refused.explanation if refused else None,
    )
