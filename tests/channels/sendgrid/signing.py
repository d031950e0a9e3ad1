"""SendGrid's signature on deliveries of events: real keys, real signatures."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
AT = 1_382_788_800
"""Noon of 26 October 2013, in the seconds that events carry."""


class SigningKey:
    """A key pair as SendGrid makes one when signed events are switched on."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> str:
        """The verification key as SendGrid shows it: base64 of DER."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        der = self._private.public_key().public_bytes(serialization.Encoding.DER, form)
        return base64.b64encode(der).decode()

    def headers(self, body: bytes, timestamp: str = str(AT)) -> dict[str, str]:
        """The two headers that sign ``body``."""
        signed = self._private.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {SIGNATURE: base64.b64encode(signed).decode(), TIMESTAMP: timestamp}
