"""Reads SendGrid's signed event webhook: what became of each mail, and proof that it went out.

Last verified against the live API: never yet. Written from the published reference (Event Webhook,
and its security features), and tested against the sandbox, which signs as it describes.

Its users report the same event three times on average (sendgrid/docs#2933); ``sg_event_id``
identifies repeats.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import EventSource
from channels.http import Clock, Effect, ask_over, body_of, new_client, utc_now
from channels.sendgrid.body import BATCH_ARG, DELIVERY_ARG
from channels.sendgrid.settings import PROVIDER, SendGridSettings
from domain.delivery_events import (
    HARD_BOUNCE,
    DeliveryEvent,
    EventsNotGenuine,
    EventsUnreadable,
)
from domain.publication import DeliveryState
from domain.suppression import Preference

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
KEY_PATH = "/v3/user/webhooks/event/settings/signed"

KINDS: Mapping[str, DeliveryState | Preference] = {
    "processed": DeliveryState.PROCESSED,
    "delivered": DeliveryState.DELIVERED,
    "dropped": DeliveryState.DROPPED,
    "bounce": DeliveryState.BOUNCED,
    "spamreport": Preference.COMPLAINED,
    "unsubscribe": Preference.UNSUBSCRIBED,
    "group_unsubscribe": Preference.UNSUBSCRIBED,
    "group_resubscribe": Preference.RESUBSCRIBED,
}
"""Events about the state of a mail, or a preference of its recipient. Others (opens, clicks) are
not requested; a deferral is not an end, and one of these follows it."""

_BOUNCE_TYPES = {"bounce": HARD_BOUNCE}
"""The types of a bounce in our words; the other one, ``blocked``, may go through the next time."""


def _verification_key(text: str) -> str:
    key = text.strip()
    try:
        _key_of(key)
    except ValueError:
        raise ValueError("a verification key is one line of base64") from None
    return key


class SendGridEventSettings(BaseSettings):
    """What verifies events, ``FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY``, and how old they may be."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTFOOT_EMAIL_EVENTS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    public_key: Annotated[str, AfterValidator(_verification_key)] = Field(
        description="SendGrid's verification key for signed events"
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
        self._key = _key_of(settings.public_key)
        self._max_age = settings.max_age
        self._clock = clock

    def read_events(self, body: bytes, headers: Mapping[str, str]) -> list[DeliveryEvent]:
        """The events about mail of ours; raises ``EventsNotGenuine`` or ``EventsUnreadable``."""
        timestamp = headers.get(TIMESTAMP, "")
        if not self._signed(body, headers.get(SIGNATURE, ""), timestamp):
            raise EventsNotGenuine(
                "The signature does not match.",
                "Compare FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY with the webhook's verification key.",
            )
        if not self._recent(timestamp):
            raise EventsNotGenuine("This delivery was signed too long ago.")
        try:
            listed = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise EventsUnreadable("The body is not JSON.") from None
        if not isinstance(listed, list):
            raise EventsUnreadable("The body is not a list of events.")
        now = self._clock()
        return [event for event in (_event_of(raw, now) for raw in listed) if event is not None]

    def _signed(self, body: bytes, signature: str, timestamp: str) -> bool:
        try:
            base64.b64decode(signature, validate=True)
            text = body.decode()
        except ValueError:
            # Not base64, not even ASCII, or a body that is not UTF-8: this was never signed.
            return False
        return bool(_verifier().verify_signature(text, signature, timestamp, self._key))

    def _recent(self, timestamp: str) -> bool:
        """Whether it was signed within ``max_age``, by a timestamp that the signature covers."""
        if not self._max_age:
            return True
        if not (timestamp.isascii() and timestamp.isdigit()):
            return False
        return abs(self._clock().timestamp() - int(timestamp)) <= self._max_age


def _verifier() -> Any:
    # Imported where events are read: a worker has no use for it, and it takes a tenth of a second.
    from sendgrid.helpers.eventwebhook import EventWebhook

    return EventWebhook()


def _key_of(text: str) -> Any:
    return _verifier().convert_public_key_to_ecdsa(text)


def _event_of(raw: object, received_at: datetime) -> DeliveryEvent | None:
    """A SendGrid event in our form, or None if it is not about our mail.

    An event whose time cannot be read gets the time ``received_at``: it still proves that the mail
    was accepted.
    """
    if not isinstance(raw, dict):
        return None
    kind = KINDS.get(str(raw.get("event")))
    batch, delivery = _mark(raw, BATCH_ARG), _mark(raw, DELIVERY_ARG)
    name = raw.get("sg_event_id")
    if kind is None or (batch is None and delivery is None) or not isinstance(name, str):
        return None
    try:
        at = datetime.fromtimestamp(float(raw["timestamp"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        at = received_at
    reason = raw.get("type") if kind is DeliveryState.BOUNCED else None
    return DeliveryEvent(
        name,
        kind,
        at,
        batch,
        delivery,
        _BOUNCE_TYPES.get(reason, reason) if isinstance(reason, str) else None,
    )


def _mark(raw: dict[str, object], name: str) -> str | None:
    mark = raw.get(name)
    return mark if isinstance(mark, str) else None


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
