"""Passkeys for a page: what it asks the browser for, and what it hands back.

Options and answers have the JSON form of WebAuthn, which browsers and ``@simplewebauthn/browser``
take and give. Between the two halves of a ceremony the page keeps only what it may lose.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from client.engine import Engine
from client.errors import WrongInput
from client.proofs import LASTS, begin, hand_in
from domain.actor import Surface
from domain.explanation import Action, Explanation, NextStep, explained
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
from domain.public_text import refuse_faulty
from domain.sealing import signed_bytes
from domain.status import MessageStatus
from store.people import credentials
from store.people.credentials import Enrolled
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


class BrowserAnswer(Value):
    """What a browser answers, for a new passkey or for a signature with one."""

    id: str = Field(max_length=1_400)
    response: _Answer

    def evidence(self, credential: str, statement: bytes) -> Evidence:
        """It, as what the passkey ``credential`` has signed."""
        return Evidence(
            credential=credential,
            statement=statement,
            signature=self.response.signature,
            authenticator_data=self.response.authenticator_data,
            client_data=self.response.client_data_json,
        )


def rp_id_of(origin: str) -> str:
    """The host that passkeys of a console at ``origin`` are bound to, for good."""
    return urlsplit(origin).hostname or ""


def unusable_at(origin: str) -> Explanation | None:
    """Why no browser uses a passkey on a page of ``origin``; None if browsers do."""
    host = rp_id_of(origin)
    if _is_number(host):
        why = "The console's address is a number, and a passkey is bound to a name."
    elif origin.startswith("https:") or host == "localhost" or host.endswith(".localhost"):
        return None
    else:
        why = "Browsers use passkeys only on pages with HTTPS, and at localhost."
    return explained(
        why,
        "Let FRONTFOOT_CONSOLE_URL be http://localhost:8092 on the machine itself, or https:// "
        "with a host name for other devices, and open the console there.",
        means="No passkey can be added or used here.",
    )


# --- a person's own ---------------------------------------------------------------------------


async def passkeys_of(engine: Engine, person: str) -> list[Enrolled]:
    """A person's passkeys, the oldest first: also those that wait, and those of another address."""
    return [
        one
        for one in await credentials.of_person(await engine.ledger(), person)
        if one.credential.kind is CredentialKind.PASSKEY and one.removed_at is None
    ]


async def has_passkey(engine: Engine, person: str, origin: str) -> bool:
    """Whether a person can sign with a passkey on the pages of ``origin``."""
    return unusable_at(origin) is None and bool(await _in_force(engine, person, origin))


async def passkey_of(engine: Engine, person: str, named: str) -> Enrolled:
    """One of a person's passkeys that are in force; ``WrongInput`` if it is none of theirs."""
    for one in await passkeys_of(engine, person):
        if one.credential.id == named:
            return one
    raise WrongInput(
        "You have no such passkey, or it was removed.",
        NextStep(action=Action.ENROL_PASSKEY, advice="See which ones you have."),
    )


async def remove_passkey(engine: Engine, person: str, named: str) -> None:
    """Let one of a person's own passkeys count for nothing from now on.

    ``WrongInput`` if it is none of theirs. Sessions that it has begun end.
    """
    found = await passkey_of(engine, person, named)
    ledger = await engine.ledger()
    now = datetime.now(UTC)
    await credentials.remove(ledger, found.credential.id, person, now, surface=Surface.CONSOLE)


# --- signing ----------------------------------------------------------------------------------


async def begin_signing(
    engine: Engine,
    slug: str,
    message: MessageStatus,
    person: str,
    verdict: Verdict,
    origin: str,
    *,
    overriding: bool = False,
) -> PasskeyRequest:
    """Ask for a signature over exactly this decision, by one of the person's passkeys."""
    statement = await begin(engine, slug, message, person, verdict, overriding=overriding)
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

    ``ProofRefused`` if it cannot be read. The rest is verified for the incident, as every proof
    is, so that its timeline has what was refused, also the signature of a passkey nobody enrolled.
    """
    given = read_answer(answer)
    said = read_statement(token.encode())
    theirs = await credentials.of_person(await engine.ledger(), said.person)
    named = [one.credential.id for one in theirs if one.credential.passkey_id == given.id]
    return await hand_in(engine, given.evidence(named[0] if named else "", token.encode()))


# --- enrolment --------------------------------------------------------------------------------


async def begin_enrolment(engine: Engine, person: str, shown: str, origin: str) -> PasskeyRequest:
    """Ask the browser to make a passkey for a person, who is signed in there as themselves.

    ``WrongInput`` where browsers use none.
    """
    unusable = unusable_at(origin)
    if unusable is not None:
        raise WrongInput(unusable.what, unusable.next_step, means=unusable.means)
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
                # Without it nobody could sign in without saying who they are. What cannot keep one
                # cannot check who is there either, and would be refused anyway.
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "excludeCredentials": [
                {"id": one.credential.passkey_id, "type": "public-key"}
                for one in await passkeys_of(engine, person)
                if one.credential.origin == origin
            ],
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
    waits: bool = False,
) -> Credential:
    """Enrol the passkey that a browser has made; ``by`` has let this person in.

    With ``waits`` it proves nothing before a second person has confirmed it.

    ``ProofRefused`` if the answer is not one to this request, or another site's; ``DomainError``
    for a name that cannot be shown, or a passkey that is enrolled already.
    """
    refuse_faulty(name, "The name", one_line=True)
    with _meaning("No passkey was added."):
        given = read_answer(answer)
        passkey = Credential(
            id=credential_id(given.response.public_key),
            person=person,
            kind=CredentialKind.PASSKEY,
            public=given.response.public_key,
            rp_id=rp_id_of(origin),
            origin=origin,
            passkey_id=given.id,
            name=name.strip()[:80],
        )
        check_enrolment(
            given.response.client_data_json,
            given.response.authenticator_data,
            challenge=_enrolment_challenge(token),
            new=passkey,
        )
        ledger, now = await engine.ledger(), datetime.now(UTC)
        if not await proofs.spend_nonce(ledger, token, person, passkey.id, now):
            raise ProofRefused("This was finished already, or has taken too long.", _ADD_AGAIN)
    await credentials.enrol(ledger, passkey, by, now, surface=Surface.CONSOLE, waits=waits)
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
        and one.counts
    ]


def read_answer(answer: object) -> BrowserAnswer:
    """What a browser has answered, as an object or as a text; ``ProofRefused`` if it is neither."""
    try:
        if isinstance(answer, str):
            return BrowserAnswer.model_validate_json(answer)
        return BrowserAnswer.model_validate(answer)
    except ValidationError as error:
        raise ProofRefused(
            "The browser's answer cannot be read.",
            "Try again, with a current version of your browser.",
        ) from error


_ADD_AGAIN = "Add it again: press the button, and answer what the browser asks."


@contextmanager
def _meaning(means: str) -> Iterator[None]:
    """Say of a refusal what it means for an enrolment: nothing was to be counted."""
    try:
        yield
    except ProofRefused as refusal:
        raise ProofRefused(refusal.what, _ADD_AGAIN, means=means) from refusal


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
