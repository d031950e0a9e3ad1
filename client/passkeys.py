"""Passkeys for a page: what it asks the browser for, and what it hands back.

Options and answers have the JSON form of WebAuthn, which browsers and ``@simplewebauthn/browser``
take and give. Between the two halves of a ceremony the page keeps only what it may lose.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from client.engine import Engine
from client.proofs import LASTS, begin, hand_in
from domain.gate import Verdict
from domain.model import Value
from domain.passkey import base64url, check_enrolment
from domain.proof import (
    Credential,
    CredentialKind,
    Evidence,
    ProofRefused,
    credential_id,
    read_statement,
)
from domain.sealing import signed_bytes
from domain.status import MessageStatus
from store.people import credentials
from store.record import proofs

_ALGORITHMS = (-8, -7, -257)
"""EdDSA, ES256, RS256: COSE's numbers of what ``domain.passkey`` verifies."""


class PasskeyRequest(Value):
    """What a page asks the browser for (``options``), and what it has to send back with the answer.

    ``token`` is the statement for a signature, and the nonce for an enrolment.
    """

    options: dict[str, object]
    token: str


def _from_base64url(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


_Bytes = Annotated[bytes, BeforeValidator(_from_base64url), Field(max_length=proofs.LARGEST)]


class _Answer(Value):
    model_config = ConfigDict(alias_generator=to_camel)

    client_data_json: _Bytes = Field(alias="clientDataJSON")
    authenticator_data: _Bytes
    signature: _Bytes = b""
    public_key: _Bytes = b""


class _FromBrowser(Value):
    id: str = Field(max_length=1_400)
    response: _Answer


def rp_id_of(origin: str) -> str:
    """The host that passkeys of a console at ``origin`` are bound to, for good."""
    return urlsplit(origin).hostname or ""


# --- signing ----------------------------------------------------------------------------------


async def begin_signing(
    engine: Engine, slug: str, message: MessageStatus, person: str, verdict: Verdict, origin: str
) -> PasskeyRequest:
    """Ask for a signature over exactly this decision, by one of the person's passkeys."""
    statement = await begin(engine, slug, message, person, verdict)
    return PasskeyRequest(
        options={
            "challenge": base64url(statement.challenge()),
            "rpId": rp_id_of(origin),
            "allowCredentials": await _in_force(engine, person, origin),
            "userVerification": "required",
            "timeout": int(LASTS.total_seconds() * 1000),
        },
        token=statement.canonical().decode(),
    )


async def finish_signing(engine: Engine, token: str, answer: object) -> str:
    """Keep what the browser answered; the id that this returns is the decision's ``proof``.

    ``ProofRefused`` if it cannot be read, or no such passkey is enrolled. The rest is verified for
    the incident, as every proof is.
    """
    given = _read(answer)
    said = read_statement(token.encode())
    mine = [
        one.credential.id
        for one in await credentials.of_person(await engine.ledger(), said.person)
        if one.credential.passkey_id == given.id
    ]
    if not mine:
        raise ProofRefused("This passkey is not enrolled.", "Enrol it, then sign again.")
    evidence = Evidence(
        credential=mine[0],
        statement=token.encode(),
        signature=given.response.signature,
        authenticator_data=given.response.authenticator_data,
        client_data=given.response.client_data_json,
    )
    return await hand_in(engine, evidence)


# --- enrolment --------------------------------------------------------------------------------


async def begin_enrolment(engine: Engine, person: str, shown: str, origin: str) -> PasskeyRequest:
    """Ask the browser to make a passkey for a person, who is signed in there as themselves."""
    now = datetime.now(UTC)
    nonce = secrets.token_hex(16)
    ledger = await engine.ledger()
    await proofs.issue_nonce(ledger, nonce, person, "", now + LASTS, now)
    handle = hashlib.sha256(signed_bytes("person", person)).digest()
    return PasskeyRequest(
        options={
            "challenge": base64url(_enrolment_challenge(nonce)),
            "rp": {"id": rp_id_of(origin), "name": "Frontfoot"},
            "user": {"id": base64url(handle), "name": person, "displayName": shown},
            "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in _ALGORITHMS],
            "authenticatorSelection": {
                "residentKey": "preferred",
                "userVerification": "required",
            },
            "excludeCredentials": await _in_force(engine, person, origin),
            "attestation": "none",
            "timeout": int(LASTS.total_seconds() * 1000),
        },
        token=nonce,
    )


async def finish_enrolment(
    engine: Engine,
    person: str,
    token: str,
    answer: object,
    *,
    by: str,
    origin: str,
    name: str = "",
) -> Credential:
    """Enrol the passkey that a browser has made; ``by`` has let this person in.

    ``ProofRefused`` if the answer is not one to this request, or another site's.
    """
    given = _read(answer)
    passkey = Credential(
        id=credential_id(given.response.public_key),
        person=person,
        kind=CredentialKind.PASSKEY,
        public=given.response.public_key,
        rp_id=rp_id_of(origin),
        origin=origin,
        passkey_id=given.id,
        name=name[:80],
    )
    check_enrolment(
        given.response.client_data_json,
        given.response.authenticator_data,
        challenge=_enrolment_challenge(token),
        new=passkey,
    )
    ledger, now = await engine.ledger(), datetime.now(UTC)
    if not await proofs.spend_nonce(ledger, token, person, passkey.id, now):
        raise ProofRefused(
            "This enrolment was finished already, or has taken too long.", "Begin it again."
        )
    await credentials.enrol(ledger, passkey, by, now)
    return passkey


# ----------------------------------------------------------------------------------------------


def _enrolment_challenge(nonce: str) -> bytes:
    return hashlib.sha256(signed_bytes("enrolment", nonce)).digest()


async def _in_force(engine: Engine, person: str, origin: str) -> list[dict[str, str]]:
    """A person's passkeys at this console, as a browser is told of them."""
    return [
        {"id": one.credential.passkey_id, "type": "public-key"}
        for one in await credentials.of_person(await engine.ledger(), person)
        if one.credential.kind is CredentialKind.PASSKEY
        and one.credential.origin == origin
        and one.removed_at is None
    ]


def _read(answer: object) -> _FromBrowser:
    try:
        return _FromBrowser.model_validate(answer)
    except ValidationError as error:
        raise ProofRefused("The browser's answer cannot be read.") from error
