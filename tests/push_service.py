"""A stand-in for a browser and its push service: it opens what it is sent, as the browser would."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from store.notifications.devices import Device


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """Keys of a browser, and what it makes of a message for it (RFC 8291)."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = uuid.uuid4().bytes
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._point = point
        self.p256dh, self.auth = _text(point), _text(self._auth)

    def device(self, person: str, endpoint: str, public: str) -> Device:
        """The row of this browser."""
        return Device(
            id=uuid.uuid4().hex,
            person=person,
            name="phone",
            endpoint=endpoint,
            p256dh=self.p256dh,
            auth=self.auth,
            public=public,
            added_at=datetime(2026, 10, 1, tzinfo=UTC),
        )

    def opened(self, body: bytes) -> dict[str, Any]:
        """What a message says; raises if it is not for this browser."""
        salt, size, rest = body[:16], body[20], body[21:]
        theirs, sealed = rest[:size], rest[size:]
        agreed = self._key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        )
        info = b"WebPush: info\0" + self._point + theirs
        key = _derived(agreed, self._auth, info, 32)
        content = _derived(key, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derived(key, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(content).decrypt(nonce, sealed, None)
        assert plain[-1:] == b"\x02"
        return dict(orjson.loads(plain[:-1]))


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
