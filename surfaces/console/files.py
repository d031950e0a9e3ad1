"""Audiences and files: the lists that mail goes to, whom it must not go to, and the codes."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.audiences import list_audiences, look_at_audience
from client.codes import list_pools
from client.suppressions import count_suppressions
from domain.abilities import Ability
from surfaces.console.abilities import lacking
from surfaces.console.access import engine_of
from surfaces.console.failures import Page
from surfaces.console.imports import being_imported, imports_of
from surfaces.console.rendering import page

SAMPLE = 5

router = APIRouter(route_class=Page)


@router.get("/files")
async def show_files(request: Request) -> Response:
    """Every list, and the imports of the last day."""
    engine = engine_of(request)
    reasons: Counter[str] = Counter()
    for one in await count_suppressions(engine):
        reasons[one.reason] += one.addresses
    imports = await imports_of(request).all()
    return page(
        request,
        "files",
        "Audiences and files",
        audiences=await list_audiences(engine),
        reasons=reasons.most_common(),
        pools=await list_pools(engine),
        imports=imports,
        arriving=being_imported(imports),
    )


@router.get("/files/audiences/{name}")
async def show_audience(request: Request, name: str) -> Response:
    """One audience: how many, its columns, and a few of its recipients for who may see them."""
    shown = SAMPLE if lacking(request, Ability.SEE_ADDRESSES) is None else 0
    return page(
        request,
        "audience",
        f"Audience {name}",
        seen=await look_at_audience(engine_of(request), name, shown),
        arriving=name in being_imported(await imports_of(request).all()),
    )
