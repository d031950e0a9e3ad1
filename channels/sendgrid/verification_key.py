"""Reads SendGrid's verification key however it was copied, and says what else it is if it is not.

SendGrid shows one line of base64: the DER of a public key on the curve P-256. On its way into an
environment it meets PEM lines, quotes, line ends and other alphabets.
"""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from channels.configured import Unusable

WHERE = (
    "SendGrid shows it as Verification Key under Settings > Mail Settings > Event Webhooks, in the "
    "webhook's security features, once Signed Event Webhook is switched on"
)

_PEM_LINE = re.compile(r"-----(?:BEGIN|END) ([A-Z0-9 ]*)-----")
# White space and invisible marks, quotes of every kind, and line ends that were escaped.
_AROUND = re.compile(r"\\[rnt]|[\s\"'`\u2018-\u201f\u200b-\u200f\u2060\ufeff]+")
_TO_STANDARD = str.maketrans("-_", "+/")


def read_key(text: str) -> str:
    """The key in ``text`` as SendGrid shows it.

    Raises ``Unusable``, which says what is wrong and never the value.
    """
    if "SG." in text:
        raise _unusable("is an API key")
    labels = set(_PEM_LINE.findall(text))
    bare = _AROUND.sub("", _PEM_LINE.sub("", text))
    der = _decoded(bare)
    if any("PRIVATE" in label for label in labels) or (der and _is_private(der)):
        raise _unusable("is a private key")
    if der is None:
        raise _unusable("is not a whole key")
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable("is not a whole key") from None
    if isinstance(key, rsa.RSAPublicKey):
        raise _unusable("is an RSA key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _unusable("is a key of another kind")
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def _decoded(text: str) -> bytes | None:
    """The bytes of base64 in either alphabet, or None.

    URL-safe base64 is often written without padding. A part of the padding is the sign of a text
    that was cut off while it was copied.
    """
    text = text.translate(_TO_STANDARD)
    if "=" not in text:
        text += "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_private(der: bytes) -> bool:
    try:
        load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _unusable(what: str) -> Unusable:
    return Unusable(f"{what}; the verification key is one line of base64. {WHERE}")
