"""Web Push: what is sent to a browser, encrypted for it alone, and who we are to its push service.

RFC 8291 (encryption), RFC 8188 (its encoding) and RFC 8292 (VAPID). The push service carries the
message and cannot read it.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.model import Value

LONGEST = 3_000
"""Bytes of a message: services take 4,096 with all that encryption adds."""

TOKEN_LASTS = timedelta(hours=12)
"""RFC 8292 allows a day."""

CURVE = ec.SECP256R1()
SALT_BYTES = 16
_RECORD_SIZE = 4_096


class UnfitKeys(ValueError):
    """The keys of a browser are none."""


class Pair(Value):
    """A key pair on the curve P-256: 32 bytes, and the other half in Base64 for URLs."""

    secret: bytes
    public: str


def pair_of(key: ec.EllipticCurvePrivateKey) -> Pair:
    """The two halves of a key."""
    secret = key.private_numbers().private_value.to_bytes(32)
    return Pair(secret=secret, public=encoded(_point(key)))


def public_of(secret: bytes) -> str:
    """The public half of a key pair."""
    return encoded(_point(_private(secret)))


def encrypted(message: bytes, p256dh: str, auth: str, own: Pair, salt: bytes) -> bytes:
    """``message`` for the browser with these keys; ``own`` and ``salt`` (16 bytes) are used once.

    ``UnfitKeys`` if the browser's keys are none.
    """
    theirs, shared_secret = _their_point(p256dh), _decoded(auth, 16)
    own_point = _point(_private(own.secret))
    agreed = _private(own.secret).exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs)
    )
    # Both halves go in, so that it is for this browser and from this key (RFC 8291, 3.4).
    key = _derived(agreed, shared_secret, b"WebPush: info\0" + theirs + own_point, 32)
    content_key = _derived(key, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(key, salt, b"Content-Encoding: nonce\0", 12)
    # The byte 2 ends the last record, which is the only one.
    sealed = AESGCM(content_key).encrypt(nonce, message + b"\x02", None)
    header = salt + _RECORD_SIZE.to_bytes(4) + len(own_point).to_bytes(1) + own_point
    return header + sealed


def check_keys(p256dh: str, auth: str) -> None:
    """Raise ``UnfitKeys`` if nothing could be encrypted for these."""
    _their_point(p256dh)
    _decoded(auth, 16)


def authorization(endpoint: str, secret: bytes, contact: str, now: datetime) -> str:
    """The header by which the push service of ``endpoint`` knows who sends, for a while."""
    parts = urlsplit(endpoint)
    header = {"typ": "JWT", "alg": "ES256"}
    # Made anew for each service: one must not be able to use it at another.
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + TOKEN_LASTS).timestamp()),
        "sub": contact,
    }
    signed = f"{encoded(orjson.dumps(header))}.{encoded(orjson.dumps(claims))}"
    signature = _private(secret).sign(signed.encode(), ec.ECDSA(SHA256()))
    r, s = decode_dss_signature(signature)
    token = f"{signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"
    return f"vapid t={token}, k={public_of(secret)}"


def encoded(raw: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str, length: int) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise UnfitKeys("no Base64") from error
    if len(raw) != length:
        raise UnfitKeys("wrong length")
    return raw


def _their_point(p256dh: str) -> bytes:
    raw = _decoded(p256dh, 65)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw)
    except ValueError as error:
        raise UnfitKeys("no point of the curve") from error
    return raw


def _private(secret: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret), CURVE)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
