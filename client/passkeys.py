"""Passkeys of people: adding one, signing with one, and what they have.

Adding and signing are two calls each, with the browser's answer (``client.passkey_browser``)
between them. Meanwhile the page keeps only what it may lose.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import WrongInput
from client.passkey_browser import PasskeyRequest, read_answer, rp_id_of, unusable_at
from client.proofs import LASTS, begin, hand_in
from domain.actor import Surface
from domain.explanation import Action, NextStep
from domain.gate import Verdict
from domain.passkey import base64url, check_enrolment
from domain.proof import (
    Credential,
    CredentialKind,
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


_ADD_AGAIN = "Add it again: press the button, and answer what the browser asks."


@contextmanager
def _meaning(means: str) -> Iterator[None]:
    """Say of a refusal what it means for an enrolment: nothing was to be counted."""
    try:
        yield
    except ProofRefused as refusal:
        raise ProofRefused(refusal.what, _ADD_AGAIN, means=means) from refusal
