"""Decisions: what is to be signed, and approving or rejecting exactly that.

A token proves no decision. Where a gate asks for a key, whoever decides signs with theirs: they ask
for the statement, sign its `to_sign` with Ed25519, and send both along.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from client.errors import WrongInput
from client.messages import decide
from client.proofs import begin, hand_in
from domain.errors import DecisionRefused
from domain.gate import Verdict
from domain.proof import Evidence, key_signs
from domain.status import Decided
from surfaces.api.access import BASE, actor, bearer, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, NumberInPath, Reason, Shown, SlugInPath, Time
from surfaces.api.views import done, message_in

router = APIRouter(
    route_class=Resource,
    prefix=f"{BASE}/incidents/{{slug}}/messages/{{number}}",
    tags=["decisions"],
)

Digest = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="All digits of the digest of the words that were read.",
    ),
]
_SIGNATURE = 64


class Stating(Asked):
    """Which decision a statement is for."""

    digest: Digest
    verdict: Verdict
    overriding: bool = Field(False, description="For an approval out of policy: `overrides`.")


class StatementShown(Shown):
    """One decision, ready to be signed until `expires`, once.

    `to_sign` is in base64: sign these bytes with your Ed25519 key, and send `statement` back as it
    is.
    """

    statement: str
    to_sign: str
    expires: Time


class KeyProof(Asked):
    """What a key has signed."""

    key: str = Field(pattern=r"^[0-9a-f]{32}$", description="The id of the key: `key list`.")
    statement: str = Field(max_length=4_000, description="As it was answered.")
    signature: str = Field(
        pattern=r"^[A-Za-z0-9+/]{86}==$", description="64 bytes of Ed25519, in base64."
    )

    def evidence(self) -> Evidence:
        """The same as it is handed in; ``WrongInput`` if it is no signature."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            statement = self.statement.encode()
        except (binascii.Error, UnicodeError) as error:
            raise WrongInput("This proof cannot be read.", "Sign the statement again.") from error
        return Evidence(credential=self.key, statement=statement, signature=signature)


class Deciding(Asked):
    """A decision on the words with this digest. A rejection needs a reason."""

    digest: Digest
    verdict: Verdict
    reason: Reason = ""
    proof: KeyProof | None = Field(None, description="Where the gate requires one.")


class DecisionTaken(Shown):
    """What the decision came to: the gate's state, and whose signatures are still missing."""

    message: int
    gate: Literal["waiting", "open", "rejected", "expired"] | None
    missing: str

    @classmethod
    def of(cls, number: int, taken: Decided) -> DecisionTaken:
        """What it came to for message ``number``."""
        gate = taken.gate.value if taken.gate else None
        return cls(message=number, gate=gate, missing=taken.missing)


@router.post("/statements", status_code=201)
async def state_decision(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Stating
) -> StatementShown:
    """What a key has to sign for this decision. Nothing is decided by it."""
    message = await message_in(request, slug, number)
    if message.digest != asked.digest:
        raise DecisionRefused(
            f"This was revised: revision {message.revision} is the newest, and its digest is "
            "another one.",
            "Read the message as it is now.",
        )
    person = bearer(request).person.id
    statement = await begin(
        engine_of(request), slug, message, person, asked.verdict, overriding=asked.overriding
    )
    return StatementShown(
        statement=statement.canonical().decode(),
        to_sign=base64.b64encode(key_signs(statement)).decode(),
        expires=statement.expires,
    )


@router.post("/decisions", status_code=201)
async def decide_on_message(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Deciding
) -> DecisionTaken:
    """Approve or reject exactly the words with this digest."""
    if asked.verdict is Verdict.REJECT and not asked.reason.strip():
        raise WrongInput("A rejection needs a reason.", "Write what has to change.")
    await message_in(request, slug, number)
    engine = engine_of(request)
    proof = await hand_in(engine, asked.proof.evidence()) if asked.proof else ""
    work = decide(
        engine,
        slug,
        actor=actor(request),
        digest=asked.digest,
        message=number,
        verdict=asked.verdict,
        reason=asked.reason.strip(),
        proof=proof,
    )
    return DecisionTaken.of(number, await done(request, slug, work))
