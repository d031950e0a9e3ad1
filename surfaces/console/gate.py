"""A gate by itself: who is asked, opening it out of policy, its review, and signing for others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from client.asking import incident_status
from client.gates import break_glass, delegate, review
from client.messages import message_of
from client.passkey_browser import PasskeyRequest
from client.passkeys import begin_signing, finish_signing
from client.patience import soon
from client.promised_time import typed_time
from domain.gate import Verdict
from domain.message_state import MessagePhase
from domain.status import Decided, IncidentStatus
from surfaces.console.access import actor, engine_of, origin, session
from surfaces.console.failures import Page, Refused, attempted, refused_as_json
from surfaces.console.rendering import page, see
from surfaces.console.sign import has_passkey_here, message_to_sign

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/messages/{number}/gate")
async def show_gate(request: Request, slug: str, number: int) -> Response:
    """Who is asked, and what can be done if nobody answers."""
    return await _show(request, slug, number)


@router.post("/incidents/{slug}/messages/{number}/overrides/statements")
async def take_statement(
    request: Request, slug: str, number: int, digest: Annotated[str, Form()] = ""
) -> Response:
    """What a passkey has to sign for an approval out of policy. Nothing is decided by it."""
    asked = await attempted(_asked(request, slug, number, digest))
    if isinstance(asked, Refused):
        return refused_as_json(asked)
    return JSONResponse(asked.model_dump(mode="json"))


async def _asked(request: Request, slug: str, number: int, digest: str) -> PasskeyRequest:
    engine, person = engine_of(request), session(request).person
    message = await message_to_sign(request, slug, number, digest)
    place = origin(request)
    return await begin_signing(
        engine, slug, message, person.id, Verdict.APPROVE, place, overriding=True
    )


@router.post("/incidents/{slug}/messages/{number}/overrides")
async def take_override(
    request: Request,
    slug: str,
    number: int,
    digest: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    token: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
) -> Response:
    """Approve exactly this out of policy; the second person's opens the gate."""

    async def work() -> Decided:
        proof = await finish_signing(engine_of(request), token, answer) if token else ""
        return await break_glass(
            engine_of(request),
            slug,
            number,
            actor=actor(request),
            digest=digest,
            reason=reason.strip(),
            proof=proof,
        )

    done = await attempted(work())
    if isinstance(done, Refused):
        return await _show(request, slug, number, done, reason=reason)
    return see(f"/incidents/{slug}#message-{number}")


@router.post("/incidents/{slug}/messages/{number}/review")
async def take_review(
    request: Request, slug: str, number: int, note: Annotated[str, Form()] = ""
) -> Response:
    """Say what is to be said of it afterwards."""
    done = await attempted(
        review(engine_of(request), slug, number, actor=actor(request), note=note.strip())
    )
    if isinstance(done, Refused):
        return await _show(request, slug, number, done, note=note)
    return see(f"/incidents/{slug}#message-{number}")


@router.get("/incidents/{slug}/delegations")
async def show_delegations(request: Request, slug: str) -> Response:
    """Who signs for whom."""
    return await _show_delegations(request, slug)


@router.post("/incidents/{slug}/delegations")
async def take_delegation(
    request: Request,
    slug: str,
    holder: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Let somebody sign for somebody else, or end it where no time is given."""

    async def work() -> IncidentStatus:
        ends = typed_time(until, datetime.now(UTC)) if until.strip() else None
        return await delegate(
            engine_of(request),
            slug,
            holder=holder.strip(),
            to=to.strip(),
            until=ends,
            actor=actor(request),
        )

    done = await attempted(work())
    if isinstance(done, Refused):
        return await _show_delegations(request, slug, done, holder, to, until)
    return see(f"/incidents/{slug}")


async def _show(
    request: Request,
    slug: str,
    number: int,
    refused: Refused | None = None,
    *,
    reason: str = "",
    note: str = "",
) -> Response:
    message = message_of(await soon(incident_status(engine_of(request), slug)), number)
    person = session(request).person.id
    overriders = {one.actor.person for one in message.overrides}
    return page(
        request,
        "gate",
        f"Gate of message {number}",
        refused.status if refused else 200,
        slug=slug,
        message=message,
        person=person,
        may_override=message.phase is MessagePhase.WAITING
        and person not in {message.author, *overriders},
        may_review=message.to_review and person not in overriders,
        proves=await has_passkey_here(request),
        reason=reason,
        note=note,
        refusal=refused.explanation if refused else None,
    )


async def _show_delegations(
    request: Request,
    slug: str,
    refused: Refused | None = None,
    holder: str = "",
    to: str = "",
    until: str = "",
) -> Response:
    status = await soon(incident_status(engine_of(request), slug))
    return page(
        request,
        "delegations",
        f"Who signs for whom in {slug}",
        refused.status if refused else 200,
        slug=slug,
        delegations=status.delegations,
        holder=holder or session(request).person.id,
        to=to,
        until=until,
        refusal=refused.explanation if refused else None,
    )
