"""Reads SendGrid's signed event webhook: what became of each mail, and proof that it went out.

Last verified against the live API: never yet. Written from the published reference (Event Webhook,
and its security features), and tested against the sandbox, which signs as it describes.

Its users report the same event three times on average (sendgrid/docs#2933); ``sg_event_id``
identifies repeats.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from pydantic import AfterValidator, BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import EventSource
from channels.http import Clock, Effect, ask_over, body_of, new_client, utc_now
from channels.sendgrid.event_reading import read_body
from channels.sendgrid.settings import PROVIDER, SendGridSettings
from channels.sendgrid.verification_key import WHERE, read_key
from domain.delivery_events import DeliveryEvent, EventsNotGenuine, UnreadableEvent

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_LONGEST_SIGNATURE = 120
"""Characters of base64; a signature on P-256 is at most 72 bytes."""

KEY_PATH = "/v3/user/webhooks/event/settings/signed"


class SendGridEventSettings(BaseSettings):
    """What verifies events, ``FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY``, and how old they may be."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTFOOT_EMAIL_EVENTS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    public_key: Annotated[str, AfterValidator(read_key)] = Field(
        description=f"the webhook's verification key; {WHERE}"
    )
    max_age: int = Field(
        default=0, ge=0, description="seconds after which a signed delivery is refused; 0 is never"
    )


class SendGridEvents:
    """Reads deliveries of events that SendGrid has signed.

    ``max_age`` refuses those that were signed longer ago, or that far in the future. It is off by
    default: whether a delivery that is repeated for a day keeps its first timestamp is not
    documented, so a limit might refuse the only proof that a batch went out. A replay changes
    nothing, because events are recorded by their ids.
    """

    def __init__(self, settings: SendGridEventSettings, *, clock: Clock = utc_now) -> None:
        self._key = public_key_of(settings.public_key)
        self._max_age = settings.max_age
        self._clock = clock

    def read_events(
        self, body: bytes, headers: Mapping[str, str]
    ) -> list[DeliveryEvent | UnreadableEvent]:
        """The events about mail of ours; raises ``EventsNotGenuine`` or ``EventsUnreadable``."""
        arriving = self.expect_events(headers)
        arriving.add(body)
        arriving.verify()
        return arriving.read(body)

    def expect_events(self, headers: Mapping[str, str]) -> ArrivingSendGridEvents:
        """Begin to verify a delivery; raises ``EventsNotGenuine`` if its headers cannot be right.

        Nothing is signed without a timestamp, and an ECDSA signature has a form that most forgers
        do not know.
        """
        timestamp = headers.get(TIMESTAMP, "")
        signed = SignedBody.expected(self._key, headers.get(SIGNATURE, ""), timestamp)
        if signed is None:
            raise _not_signed()
        if not self._recent(timestamp):
            raise EventsNotGenuine("This delivery was signed too long ago.")
        return ArrivingSendGridEvents(signed, self._clock)

    def _recent(self, timestamp: str) -> bool:
        """Whether it says that it was signed within ``max_age``; the signature covers that."""
        if not self._max_age:
            return True
        if not (timestamp.isascii() and timestamp.isdigit()):
            return False
        return abs(self._clock().timestamp() - int(timestamp)) <= self._max_age


class ArrivingSendGridEvents:
    """A delivery whose signature is verified over the pieces of its body as they come in."""

    def __init__(self, signed: SignedBody, clock: Clock) -> None:
        self._signed = signed
        self._clock = clock

    def add(self, piece: bytes) -> None:
        """The next piece of the body."""
        self._signed.add(piece)

    def verify(self) -> None:
        """Raise ``EventsNotGenuine`` if SendGrid did not sign these very bytes; call it once."""
        if not self._signed.genuine():
            raise _not_signed()

    def read(self, body: bytes) -> list[DeliveryEvent | UnreadableEvent]:
        """The events in the whole body, in order; raises ``EventsUnreadable``."""
        return list(read_body(body, self._clock()))


class SignedBody:
    """A body whose signature is verified over its pieces as they come in."""

    def __init__(self, key: ec.EllipticCurvePublicKey, signature: bytes, timestamp: str) -> None:
        self._key = key
        self._signature = signature
        self._digest = hashes.Hash(hashes.SHA256())
        self._digest.update(timestamp.encode())

    @classmethod
    def expected(
        cls, key: ec.EllipticCurvePublicKey, signature: str, timestamp: str
    ) -> SignedBody | None:
        """By its two headers; None if no body could be genuine under them."""
        read = _signature(signature)
        return cls(key, read, timestamp) if read is not None and timestamp else None

    def add(self, piece: bytes) -> None:
        """The next piece."""
        self._digest.update(piece)

    def genuine(self) -> bool:
        """Whether SendGrid signed these very bytes; call it once."""
        algorithm = ec.ECDSA(Prehashed(hashes.SHA256()))
        try:
            self._key.verify(self._signature, self._digest.finalize(), algorithm)
        except InvalidSignature:
            return False
        return True


def public_key_of(text: str) -> ec.EllipticCurvePublicKey:
    """The key of one line, as the settings have it."""
    # Imported where something is verified: a worker has no use for it, and it takes a tenth of a
    # second. It verifies text only, and a body may hold bytes that are none.
    from sendgrid.helpers.eventwebhook import EventWebhook

    key: ec.EllipticCurvePublicKey = EventWebhook(text).public_key
    return key


def _signature(text: str) -> bytes | None:
    """The signature in a header, or None if it has not the form of one."""
    if len(text) > _LONGEST_SIGNATURE:
        return None
    try:
        signature = base64.b64decode(text, validate=True)
        decode_dss_signature(signature)
    except ValueError:
        # Not base64, not even ASCII, or no signature.
        return None
    return signature


def _not_signed() -> EventsNotGenuine:
    return EventsNotGenuine(
        "The signature does not match.",
        "Compare FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY with the webhook's verification key.",
    )


class _Signing(BaseModel):
    public_key: str


async def ask_for_key(settings: SendGridSettings) -> dict[str, str]:
    """The account's own verification key, as ``SendGridEventSettings`` has it.

    Needs the scope ``user.webhooks.event.settings.read``. Raises a ``ChannelError``.
    """
    client = new_client(connect=settings.connect_timeout, read=settings.read_timeout, pool=1)
    async with client:
        request = client.build_request(
            "GET",
            f"{settings.base_url}{KEY_PATH}",
            headers={"Authorization": f"Bearer {settings.api_key.get_secret_value()}"},
        )
        answer = await ask_over(client, request, provider=PROVIDER)
    key = body_of(answer, _Signing, Effect.REPEATABLE, PROVIDER).public_key
    return {"public_key": key}


EVENTS = EventSource(SendGridEventSettings, SendGridEvents, ask_account=ask_for_key)
