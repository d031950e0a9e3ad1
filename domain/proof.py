"""Proofs: the evidence of who decided, on which bytes, that anybody can verify years later.

What is signed is the statement of one decision. A key signs its digest; a passkey has the same
digest as its challenge (see ``domain.passkey``). Verifying needs neither a database nor a network,
only public keys.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import ConfigDict, ValidationError

from domain.actor import AuthenticatedBy
from domain.errors import DecisionRefused
from domain.explanation import NextStep
from domain.gate import Verdict
from domain.ids import MessageRef
from domain.model import Value
from domain.sealing import canonical, signed_bytes
from domain.times import UtcTime, in_utc

_BYTES_AS_HEX = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")

SIGN_AGAIN = "Read the message as it is now, and sign it again."
FIND_OUT = "If you did not sign this, find out who may write to Temporal or to the database."


class ProofRefused(DecisionRefused):
    """A proof that does not prove what it is presented for; nothing was counted."""

    def __init__(
        self,
        what: str,
        next_step: NextStep | str = SIGN_AGAIN,
        *,
        means: str = "The decision was not counted.",
    ) -> None:
        super().__init__(what, next_step, means=means)


class CredentialKind(StrEnum):
    """What somebody signs with: a key file (Ed25519), or a passkey."""

    KEY = "key"
    PASSKEY = "passkey"

    @property
    def method(self) -> AuthenticatedBy:
        """How an actor who used it is known."""
        return AuthenticatedBy(self.value)


class Credential(Value):
    """The public half of what a person signs with.

    ``public`` is the key in SPKI DER; ``id`` is made of it. A passkey is bound to a ``rp_id`` (a
    host's name) and was enrolled on a page of ``origin``; ``passkey_id`` is the browser's name for
    it, in base64url.
    """

    model_config = _BYTES_AS_HEX

    id: str
    person: str
    kind: CredentialKind
    public: bytes
    rp_id: str = ""
    origin: str = ""
    passkey_id: str = ""
    name: str = ""


class Statement(Value):
    """Exactly one decision, before it is made: who says what about which bytes.

    ``nonce`` is a row of the ledger that is spent once; after ``expires`` it is worth nothing.
    """

    v: Literal[1] = 1
    incident: str
    message: int
    revision: int
    digest: str
    verdict: Verdict
    person: str
    roles: tuple[str, ...]
    nonce: str
    expires: UtcTime

    def canonical(self) -> bytes:
        """The one byte string of it: JSON with sorted keys, no spaces, UTF-8."""
        expires = in_utc(self.expires).isoformat(timespec="seconds")
        return canonical({**self.model_dump(mode="json"), "expires": expires})

    def challenge(self) -> bytes:
        """SHA-256 of the canonical bytes: what a passkey is asked to sign."""
        return hashlib.sha256(self.canonical()).digest()

    @property
    def ref(self) -> MessageRef:
        """The revision that it is about."""
        return MessageRef(incident=self.incident, number=self.message, revision=self.revision)


class Evidence(Value):
    """What was handed in: the ``statement`` in its canonical bytes, and the signature over it.

    ``authenticator_data`` and ``client_data`` are a passkey's, kept as the bytes that they were: a
    single changed space would break the signature.
    """

    credential: str
    statement: bytes
    signature: bytes
    authenticator_data: bytes = b""
    client_data: bytes = b""


class Verified(Value):
    """That evidence was verified, with what, and when: enough to do it again without the ledger.

    ``at`` is a text because it is sealed to the letter, by the key ``key_id`` of the installation.
    """

    model_config = _BYTES_AS_HEX

    credential: Credential
    at: str
    key_id: str = ""
    seal: str = ""


class Proof(Value):
    """A proof as the ledger keeps it; ``verified`` is None until it was found to be good."""

    id: str
    evidence: Evidence
    verified: Verified | None = None

    def sealed_digest(self) -> str:
        """SHA-256 of all that the seal covers; "" for one that was never verified."""
        if self.verified is None:
            return ""
        used, given = self.verified.credential, self.evidence
        content = {
            "proof": self.id,
            "at": self.verified.at,
            "credential": used.id,
            "person": used.person,
            "kind": used.kind.value,
            "public": used.public.hex(),
            "rp_id": used.rp_id,
            "origin": used.origin,
            "statement": given.statement.hex(),
            "signature": given.signature.hex(),
            "authenticator_data": given.authenticator_data.hex(),
            "client_data": given.client_data.hex(),
        }
        return hashlib.sha256(canonical(content)).hexdigest()


def credential_id(public: bytes) -> str:
    """The id of a public key in SPKI DER: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:32]


def key_signs(statement: Statement) -> bytes:
    """What an Ed25519 key signs: the purpose, and the statement's digest in 64 digits."""
    return signed_bytes("decision", statement.challenge().hex())


def read_statement(content: bytes) -> Statement:
    """The statement in these bytes; ``ProofRefused`` unless they are its canonical form."""
    try:
        statement = Statement.model_validate_json(content)
    except (ValidationError, ValueError) as error:
        raise ProofRefused("What was signed is not a decision that can be read.") from error
    if statement.canonical() != content:
        raise ProofRefused("What was signed is not in the one form that a decision has.")
    return statement


def verify_key(evidence: Evidence, credential: Credential) -> Statement:
    """The decision that an Ed25519 key has signed; ``ProofRefused`` if it has not."""
    statement = read_statement(evidence.statement)
    try:
        key = load_der_public_key(credential.public)
        if not isinstance(key, Ed25519PublicKey):
            raise ProofRefused("The enrolled key is not an Ed25519 key.", "Enrol another one.")
        key.verify(evidence.signature, key_signs(statement))
    except (InvalidSignature, ValueError) as error:
        raise ProofRefused("The signature is not one of the enrolled key.", FIND_OUT) from error
    return statement


def refuse_other(statement: Statement, expected: Statement) -> None:
    """Raise ``ProofRefused``, naming the difference, unless it is about exactly this decision.

    ``nonce`` and ``expires`` are not compared: the ledger knows those.
    """
    for name, what in _DIFFERENCES.items():
        if getattr(statement, name) != getattr(expected, name):
            raise ProofRefused(f"The proof is of {what} than this one.", f"{SIGN_AGAIN} {FIND_OUT}")


_DIFFERENCES = {
    "incident": "a decision in another incident",
    "message": "a decision on another message",
    "revision": "a decision on another revision",
    "digest": "a decision on other words",
    "verdict": "another verdict",
    "person": "somebody else's decision",
    "roles": "a decision in other roles",
}
