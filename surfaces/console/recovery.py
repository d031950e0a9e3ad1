"""A person's own recovery codes: made here, shown once, and written down."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.recovery_codes import MANY, codes_left, make_codes
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page

router = APIRouter(route_class=Page)


@router.get("/recovery-codes")
async def show(request: Request) -> Response:
    """How many are left, and what making new ones does."""
    return await _show(request)


@router.post("/recovery-codes")
async def make(request: Request) -> Response:
    """Make new ones. They are in this answer and nowhere else, so it leads to no other page."""
    made = await attempted(make_codes(engine_of(request), session(request)))
    if isinstance(made, Refused):
        return await _show(request, refused=made)
    return await _show(request, made)


async def _show(
    request: Request, codes: tuple[str, ...] = (), refused: Refused | None = None
) -> Response:
    return page(
        request,
        "recovery_codes",
        "Your recovery codes",
        refused.status if refused else 200,
        codes=codes,
        left=await codes_left(engine_of(request), session(request).person.id),
        many=MANY,
        refusal=refused.explanation if refused else None,
    )
