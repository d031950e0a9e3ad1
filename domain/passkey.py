"""Passkeys: a browser's signature over a decision, verified with its public key alone.

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

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_SHORTEST = 37
"""Bytes of authenticator data: 32 of the host's hash, one of flags, four of the counter."""
_ID_AT = 53
"""Where the length of a new passkey's id is, two bytes before the id itself."""

_SMALLEST_RSA = 2048


def verify(evidence: Evidence, credential: Credential) -> Statement:
    """The decision that this key or passkey has signed; ``ProofRefused`` if it has not."""
    if credential.kind is CredentialKind.KEY:
        return verify_key(evidence, credential)
    return verify_passkey(evidence, credential)


def verify_passkey(evidence: Evidence, credential: Credential) -> Statement:
    """The decision that a passkey has signed; ``ProofRefused`` says what does not fit."""
    statement = read_statement(evidence.statement)
    check_signature(evidence, statement.challenge(), credential)
    return statement


def check_signature(evidence: Evidence, challenge: bytes, credential: Credential) -> None:
    """Raise ``ProofRefused`` unless this passkey has signed the challenge, and nothing else."""
    check_client_data(evidence.client_data, "webauthn.get", challenge, credential.origin)
    check_authenticator_data(evidence.authenticator_data, credential.rp_id)
    signed = evidence.authenticator_data + hashlib.sha256(evidence.client_data).digest()
    if not _signed_by(credential.public, evidence.signature, signed):
        raise ProofRefused("The signature is not one of the enrolled passkey.", FIND_OUT)


def base64url(content: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def check_enrolment(
    client_data: bytes, authenticator_data: bytes, *, challenge: bytes, new: Credential
) -> None:
    """Raise ``ProofRefused`` unless a browser has made the passkey ``new`` for this challenge.

    That the public key is the authenticator's is the page's word: without attestation, of which
    passkeys have none, nothing else could be. It is used for the first time when somebody signs.
    """
    check_client_data(client_data, "webauthn.create", challenge, new.origin)
    check_authenticator_data(authenticator_data, new.rp_id)
    named = authenticator_data[_ID_AT + 2 :]
    length = int.from_bytes(authenticator_data[_ID_AT : _ID_AT + 2], "big")
    has_one = bool(authenticator_data[32] & ATTESTED) and 0 < length <= len(named)
    if not has_one or base64url(named[:length]) != new.passkey_id:
        raise ProofRefused("The browser's answer names another passkey than the authenticator.")
    if not is_usable(new.public):
        raise ProofRefused(
            "The passkey has a kind of key that nothing here can verify.",
            "Use another authenticator: one with EdDSA, ES256 or RS256.",
        )


def check_client_data(content: bytes, kind: str, challenge: bytes, origin: str) -> None:
    """Raise ``ProofRefused`` unless a browser signed this challenge on a page of this origin."""
    try:
        said = json.loads(content.decode(), object_pairs_hook=_each_once)
    except ValueError as error:
        raise ProofRefused("What the browser signed cannot be read.") from error
    if not isinstance(said, dict) or said.get("type") != kind:
        raise ProofRefused("The browser's answer is not a signature with a passkey.")
    if said.get("challenge") != base64url(challenge):
        raise ProofRefused("The passkey signed something else than was asked for here.", FIND_OUT)
    if not origin or said.get("origin") != origin:
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


def check_authenticator_data(content: bytes, rp_id: str) -> None:
    """Raise ``ProofRefused`` unless an authenticator has checked who is there, for this host."""
    if len(content) < _SHORTEST:
        raise ProofRefused("The authenticator's answer is too short to be one.")
    expected = hashlib.sha256(rp_id.encode()).digest()
    if not rp_id or not hmac.compare_digest(content[:32], expected):
        raise ProofRefused("The passkey was asked by another host than the console's.", FIND_OUT)
    flags = content[32]
    if not flags & USER_PRESENT:
        raise ProofRefused("The authenticator does not say that anybody was there.")
    if not flags & USER_VERIFIED:
        raise ProofRefused(
            "The authenticator did not check who was there.",
            "Sign again, with the passkey's PIN, fingerprint or face.",
        )


def is_usable(public: bytes) -> bool:
    """Whether it is the public half, in SPKI DER, of a key that a passkey here may have."""
    try:
        return _usable(load_der_public_key(public)) is not None
    except ValueError:
        return False


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Two readers of a name that is there twice may see different values.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


_Usable = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def _usable(key: object) -> _Usable | None:
    """The key if it is one of Ed25519, P-256, or RSA of enough bits."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA:
        return key
    return None


def _signed_by(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether it is a signature by this key: EdDSA, ES256 or RS256."""
    try:
        key = _usable(load_der_public_key(public))
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
