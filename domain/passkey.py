"""Passkey assertions: a browser's signature over a decision, verified with its public key alone.

The rules are those of WebAuthn, section 7.2, with user verification required and nothing embedded.
The counter is not looked at: passkeys that are synchronised always say 0, so it stops no replay.
A nonce that is spent once does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domain.proof import (
    FIND_OUT,
    Credential,
    CredentialKind,
    Evidence,
    ProofRefused,
    Statement,
    read_statement,
    verify_key,
)

USER_PRESENT, USER_VERIFIED = 0x01, 0x04
_SHORTEST = 37
"""Bytes of authenticator data: 32 of the host's hash, one of flags, four of the counter."""
_SMALLEST_RSA = 2048


def verify(evidence: Evidence, credential: Credential) -> Statement:
    """The decision that this key or passkey has signed; ``ProofRefused`` if it has not."""
    if credential.kind is CredentialKind.KEY:
        return verify_key(evidence, credential)
    return verify_passkey(evidence, credential)


def verify_passkey(evidence: Evidence, credential: Credential) -> Statement:
    """The decision that a passkey has signed; ``ProofRefused`` says what does not fit."""
    statement = read_statement(evidence.statement)
    _check_client_data(evidence.client_data, statement, credential)
    _check_authenticator_data(evidence.authenticator_data, credential)
    signed = evidence.authenticator_data + hashlib.sha256(evidence.client_data).digest()
    if not _signed_by(credential.public, evidence.signature, signed):
        raise ProofRefused("The signature is not one of the enrolled passkey.", FIND_OUT)
    return statement


def base64url(content: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _check_client_data(content: bytes, statement: Statement, credential: Credential) -> None:
    try:
        said = json.loads(content.decode(), object_pairs_hook=_each_once)
    except ValueError as error:
        raise ProofRefused("What the browser signed cannot be read.") from error
    if not isinstance(said, dict) or said.get("type") != "webauthn.get":
        raise ProofRefused("The browser's answer is not a signature with a passkey.")
    if said.get("challenge") != base64url(statement.challenge()):
        raise ProofRefused("The passkey signed something else than this decision.", FIND_OUT)
    if not credential.origin or said.get("origin") != credential.origin:
        raise ProofRefused(
            "The passkey was used on another site than the console where it was enrolled.",
            "Open the console by its own address, and sign there. If you did, enrol the passkey "
            "again at that address.",
        )
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise ProofRefused(
            "The page that asked for the passkey was embedded in another one.",
            "Open the console by its own address, and sign there.",
        )


def _check_authenticator_data(content: bytes, credential: Credential) -> None:
    if len(content) < _SHORTEST:
        raise ProofRefused("The authenticator's answer is too short to be one.")
    expected = hashlib.sha256(credential.rp_id.encode()).digest()
    if not credential.rp_id or not hmac.compare_digest(content[:32], expected):
        raise ProofRefused("The passkey was asked by another host than the console's.", FIND_OUT)
    flags = content[32]
    if not flags & USER_PRESENT:
        raise ProofRefused("The authenticator does not say that anybody was there.")
    if not flags & USER_VERIFIED:
        raise ProofRefused(
            "The authenticator did not check who was there.",
            "Sign again, with the passkey's PIN, fingerprint or face.",
        )


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Two readers of a name that is there twice may see different values.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _signed_by(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether it is a signature by this key: Ed25519, ES256 (P-256) or RS256."""
    try:
        key = load_der_public_key(public)
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA:
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
