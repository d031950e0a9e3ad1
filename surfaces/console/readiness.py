"""Readiness: whether everything that an incident needs would work now."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.checks.everything import check_within
from surfaces.console.access import engine_of
from surfaces.console.failures import Page
from surfaces.console.rendering import page

WITHIN = timedelta(seconds=8)
PROVIDERS_WITHIN = timedelta(seconds=25)

router = APIRouter(route_class=Page)


@router.get("/readiness")
async def show_readiness(request: Request) -> Response:
    """Everything but the providers."""
    return await _show(request, ask_providers=False)


@router.post("/readiness")
async def ask_providers(request: Request) -> Response:
    """Everything, and whether each provider takes our credentials; publishes nothing."""
    return await _show(request, ask_providers=True)


async def _show(request: Request, *, ask_providers: bool) -> Response:
    within = PROVIDERS_WITHIN if ask_providers else WITHIN
    results = await check_within(engine_of(request), within, ask_providers=ask_providers)
    # What does not work is what somebody has come for.
    ordered = sorted(results, key=lambda one: one.ok)
    return page(request, "readiness", "Readiness", results=ordered, asked=ask_providers)
