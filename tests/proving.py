"""Keys, passkeys and what they sign, for the tests of proofs."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.gate import Verdict
from domain.proof import (
    Credential,
    CredentialKind,
    Evidence,
    Statement,
    credential_id,
    key_signs,
)
from sandbox.authenticator import Authenticator

ORIGIN, RP_ID = "http://localhost:8092", "localhost"
EXPIRES = datetime(2026, 10, 26, 12, 10, tzinfo=UTC)
NOOR_KEY = Ed25519PrivateKey.from_private_bytes(b"3" * 32)


def statement(**changes: object) -> Statement:
    """Noor approves message 1 of site-down."""
    values: dict[str, object] = {
        "incident": "site-down",
        "message": 1,
        "revision": 1,
        "digest": "ab12" * 16,
        "verdict": Verdict.APPROVE,
        "person": "noor",
        "roles": ("founder",),
        "nonce": "n" * 32,
        "expires": EXPIRES,
    }
    return Statement.model_validate({**values, **changes})


def key_of(private: Ed25519PrivateKey = NOOR_KEY, person: str = "noor") -> Credential:
    """The public half of a key."""
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Credential(
        id=credential_id(public), person=person, kind=CredentialKind.KEY, public=public
    )


def passkey_of(authenticator: Authenticator, person: str = "noor") -> Credential:
    """The public half of a passkey that was enrolled at ``ORIGIN``."""
    return Credential(
        id=credential_id(authenticator.public),
        person=person,
        kind=CredentialKind.PASSKEY,
        public=authenticator.public,
        rp_id=RP_ID,
        origin=ORIGIN,
        passkey_id=credential_id(authenticator.public),
    )


def signed_by_key(said: Statement, private: Ed25519PrivateKey = NOOR_KEY) -> Evidence:
    """What somebody hands in who signs with a key."""
    return Evidence(
        credential=key_of(private).id,
        statement=said.canonical(),
        signature=private.sign(key_signs(said)),
    )


def signed_by_passkey(
    said: Statement,
    authenticator: Authenticator,
    *,
    origin: str = ORIGIN,
    rp_id: str = RP_ID,
    flags: int = 0x05,
    **client_data: object,
) -> Evidence:
    """What somebody hands in who signs with a passkey."""
    answer = authenticator.answer(
        said.challenge(), origin=origin, rp_id=rp_id, flags=flags, **client_data
    )
    return Evidence(
        credential=credential_id(authenticator.public),
        statement=said.canonical(),
        signature=answer.signature,
        authenticator_data=answer.authenticator_data,
        client_data=answer.client_data,
    )
