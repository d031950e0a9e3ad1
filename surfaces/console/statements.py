"""What a passkey signs: the statement of one decision. Nothing is decided here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from client.passkey_browser import PasskeyRequest
from client.passkeys import begin_signing
from client.signing import may_sign
from domain.errors import DecisionRefused
from domain.gate import Verdict
from surfaces.console.access import engine_of, origin, session
from surfaces.console.failures import Page, Refused, attempted, refused_as_json
from surfaces.console.sign import incomplete, message_to_sign

router = APIRouter(route_class=Page)


@router.post("/incidents/{slug}/messages/{number}/statements")
async def take_statement(
    request: Request,
    slug: str,
    number: int,
    digest: Annotated[str, Form()] = "",
    verdict: Annotated[Verdict | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """What the browser has to be asked to sign for exactly this decision."""
    missing = incomplete(verdict, reason)
    if missing is not None:
        return refused_as_json(missing)
    assert verdict is not None
    asked = await attempted(_asked(request, slug, number, digest, verdict))
    if isinstance(asked, Refused):
        return refused_as_json(asked)
    return JSONResponse(asked.model_dump(mode="json"))


async def _asked(
    request: Request, slug: str, number: int, digest: str, verdict: Verdict
) -> PasskeyRequest:
    """``DecisionRefused`` for what would not count: a browser asks nobody in vain."""
    engine, person = engine_of(request), session(request).person
    message = await message_to_sign(request, slug, number, digest)
    now = datetime.now(UTC)
    may = may_sign(slug, message, person.id, person.roles, now, proves=True)
    if may.why_not is not None and not (may.reject and verdict is Verdict.REJECT):
        raise DecisionRefused.of(may.why_not)
    return await begin_signing(engine, slug, message, person.id, verdict, origin(request))
