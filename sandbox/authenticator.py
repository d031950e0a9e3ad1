"""A passkey in software: what an authenticator and a browser make of a request to sign.

It answers whatever it is asked, also for another origin or with nobody present, so that others can
test what they refuse. It keeps its private key in memory only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass(frozen=True)
class Assertion:
    """One signature, as a browser hands it on."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes


@dataclass(frozen=True)
class Registration:
    """A new passkey, as a browser hands it on."""

    id: bytes
    public: bytes
    authenticator_data: bytes
    client_data: bytes


@dataclass(frozen=True)
class Authenticator:
    """A passkey with a counter of 0, as those that are synchronised have."""

    public: bytes
    """In SPKI DER."""
    sign: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def ed25519(cls) -> Authenticator:
        """One that signs with EdDSA."""
        key = ed25519.Ed25519PrivateKey.generate()
        return cls(_spki(key.public_key()), key.sign)

    @classmethod
    def es256(cls) -> Authenticator:
        """One that signs with ECDSA on P-256."""
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(_spki(key.public_key()), lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))

    @classmethod
    def rs256(cls) -> Authenticator:
        """One that signs with RSA, as older ones on Windows do."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return cls(
            _spki(key.public_key()),
            lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()),
        )

    @property
    def id(self) -> bytes:
        """The id by which a browser asks for it."""
        return hashlib.sha256(self.public).digest()[:16]

    def register(
        self,
        challenge: bytes,
        /,
        *,
        origin: str,
        rp_id: str,
        flags: int = PRESENT | VERIFIED | ATTESTED,
        **client_data: object,
    ) -> Registration:
        """Present itself to a page that enrols it, without attestation."""
        client = _client_data("webauthn.create", challenge, origin, client_data)
        data = _data(rp_id, flags) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id
        return Registration(self.id, self.public, data, client)

    def answer(
        self,
        challenge: bytes,
        /,
        *,
        origin: str,
        rp_id: str,
        flags: int = PRESENT | VERIFIED,
        **client_data: object,
    ) -> Assertion:
        """Sign a challenge; ``client_data`` adds to what the browser says, or replaces it."""
        client = _client_data("webauthn.get", challenge, origin, client_data)
        data = _data(rp_id, flags)
        return Assertion(data, client, self.sign(data + hashlib.sha256(client).digest()))

    def create(self, options: Mapping[str, Any], /, *, origin: str, **how: Any) -> dict[str, Any]:
        """Answer a page's request for a new passkey; both have the JSON form of WebAuthn.

        ``how`` changes what ``register`` is given.
        """
        given = {"origin": origin, "rp_id": options["rp"]["id"], **how}
        new = self.register(_bytes(options["challenge"]), **given)
        return {
            "id": _text(new.id),
            "rawId": _text(new.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": _text(new.client_data),
                "authenticatorData": _text(new.authenticator_data),
                "publicKey": _text(new.public),
            },
        }

    def get(self, options: Mapping[str, Any], /, *, origin: str, **how: Any) -> dict[str, Any]:
        """Answer a page's request for a signature, in the same way."""
        given = {"origin": origin, "rp_id": options["rpId"], **how}
        signed = self.answer(_bytes(options["challenge"]), **given)
        return {
            "id": _text(self.id),
            "rawId": _text(self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": _text(signed.client_data),
                "authenticatorData": _text(signed.authenticator_data),
                "signature": _text(signed.signature),
            },
        }


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _client_data(kind: str, challenge: bytes, origin: str, more: Mapping[str, object]) -> bytes:
    said: dict[str, object] = {
        "type": kind,
        "challenge": _text(challenge),
        "origin": origin,
        "crossOrigin": False,
        **more,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _data(rp_id: str, flags: int) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + bytes(4)


def _spki(key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
