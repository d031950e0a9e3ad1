"""The secrets that webhooks are signed with: made where they are shown, read by workers alone.

A secret is encrypted to a public key of the workers (HPKE, RFC 9180), so whoever adds an endpoint
needs none of their keys, and whoever has a copy of the ledger cannot sign.
"""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from domain.sealing import RecordKey

SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""

_PREFIX = "whsec_"
_PURPOSE = b"endpoint-secret-1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class SecretUnreadable(Exception):
    """A secret that was encrypted to another key, or for another endpoint, or was changed."""


def written(secret: bytes) -> str:
    """A secret as people hand it on: ``whsec_`` and Base64."""
    return _PREFIX + base64.b64encode(secret).decode()


def public_half(key: RecordKey) -> str:
    """What secrets are encrypted to, so that whoever holds ``key`` reads them; 64 hex digits."""
    return _private(key).public_key().public_bytes_raw().hex()


def encrypted(secret: bytes, endpoint: str, public: str) -> str:
    """``secret`` for the endpoint of that name, encrypted to ``public``; hexadecimal digits."""
    key = X25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return _SUITE.encrypt(secret, key, _info(endpoint)).hex()


def decrypted(text: str, endpoint: str, key: RecordKey) -> bytes:
    """The secret of an endpoint; ``SecretUnreadable`` if this key is not the one for it."""
    try:
        return _SUITE.decrypt(bytes.fromhex(text), _private(key), _info(endpoint))
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable from error


def _private(key: RecordKey) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(key.derived(_PURPOSE))


def _info(endpoint: str) -> bytes:
    # A secret that somebody copies to another row is none there.
    return _PURPOSE + b"\n" + endpoint.encode()
