"""Gates that cannot wait, or whose people are away: break-glass, its review, and delegation."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from client.gates import break_glass, delegate, review
from client.proofs import hand_in
from domain.limits import NAME_LIMIT
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.decisions import DecisionTaken, Digest, KeyProof
from surfaces.api.message_shapes import Message, shown_message
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, NumberInPath, Reason, Shown, SlugInPath, Time
from surfaces.api.views import done, message_in

router = APIRouter(route_class=Resource, prefix=f"{BASE}/incidents/{{slug}}", tags=["gates"])


class Overriding(Asked):
    """An approval out of policy of the words with this digest, and why it cannot wait."""

    digest: Digest
    reason: Reason
    proof: KeyProof | None = Field(None, description="Where the gate requires one.")


class Reviewing(Asked):
    """What is said afterwards of a gate that was opened out of policy."""

    note: Reason


class Delegating(Asked):
    """Whose roles somebody gets, and until when; null ends it now."""

    holder: str = Field(max_length=NAME_LIMIT)
    to: str = Field(max_length=NAME_LIMIT)
    until: AwareDatetime | None


class DelegationShown(Shown):
    """`to` signs with the roles of `holder` until then."""

    holder: str
    to: str
    until: Time


class DelegationsShown(Shown):
    """The delegations in force in an incident."""

    delegations: list[DelegationShown]


@router.post("/messages/{number}/overrides", status_code=201)
async def override_gate(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Overriding
) -> DecisionTaken:
    """Approve out of policy. The second person who does, of two who did not write it, opens it."""
    await message_in(request, slug, number)
    engine = engine_of(request)
    proof = await hand_in(engine, asked.proof.evidence()) if asked.proof else ""
    work = break_glass(
        engine,
        slug,
        number,
        actor=actor(request),
        digest=asked.digest,
        reason=asked.reason.strip(),
        proof=proof,
    )
    return DecisionTaken.of(number, await done(request, slug, work))


@router.post("/messages/{number}/review", status_code=201)
async def review_override(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Reviewing
) -> Message:
    """Say what is to be said of a gate that was opened out of policy."""
    await message_in(request, slug, number)
    work = review(engine_of(request), slug, number, actor=actor(request), note=asked.note.strip())
    return shown_message(slug, await done(request, slug, work))


@router.post("/delegations", status_code=201)
async def delegate_roles(request: Request, slug: SlugInPath, asked: Delegating) -> DelegationsShown:
    """Let somebody sign with another person's roles for a time, or end that."""
    work = delegate(
        engine_of(request),
        slug,
        holder=asked.holder,
        to=asked.to,
        until=asked.until,
        actor=actor(request),
    )
    status = await done(request, slug, work)
    return DelegationsShown(
        delegations=[
            DelegationShown(holder=one.holder, to=one.to, until=one.until)
            for one in status.delegations
        ]
    )
