"""A complete mail channel as others would write one: sends through a mail service, reads events.

The second example of docs/adding-a-channel.md: a direct channel with events. The service takes one
letter for many addresses, keeps our key with it, can be asked for it, and delivers events signed
with HMAC-SHA256.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

import httpx
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import Adapter, EventSource
from channels.batch import Addressee, Batch
from channels.configured import ChannelSettings, Key, Url
from channels.contract import (
    BadRecipient,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Refused,
    Template,
)
from channels.http import Effect, body_of, utc_now
from channels.json_list import NotAList, elements
from channels.mail_copy import CONTENT_LIMIT, UNSUBSCRIBE_VALUE, lacking_values, render_mail
from channels.wire import Wire
from domain.delivery_events import (
    HARD_BOUNCE,
    DeliveryEvent,
    EventsNotGenuine,
    EventsUnreadable,
    UnreadableEvent,
)
from domain.message import Copy
from domain.publication import DeliveryState, Finding, Receipt, Sighting
from domain.suppression import Preference
from domain.times import UtcTime

PROVIDER = "Mailer"
MOST = 500
ONE_CLICK = "List-Unsubscribe=One-Click"
SIGNATURE = "x-mailer-signature"
KINDS: Mapping[str, DeliveryState | Preference] = {
    "delivered": DeliveryState.DELIVERED,
    "bounced": DeliveryState.BOUNCED,
    "complained": Preference.COMPLAINED,
}


class MailerSettings(ChannelSettings):
    """Where the service is, and the token that sends."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_MAILER_")

    base_url: Url = Field(description="address of the mail service")
    token: Key = Field(description="token that may send")
    from_address: str | None = None


class MailerEventSettings(BaseSettings):
    """The secret that signs events; the process that needs it has no use for the token."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_MAILER_EVENTS_", env_ignore_empty=True)

    secret: Key = Field(description="secret that signs the service's events")


class _Sent(BaseModel):
    id: str


class _Letters(BaseModel):
    letters: list[_Sent]


class _Unwanted(BaseModel):
    bad: list[int]


class _Event(BaseModel):
    id: str
    what: str
    permanent: bool = False
    at: UtcTime
    batch: str | None = None
    delivery: str | None = None


class MailerChannel:
    """Mail, one to each, over one account of the service."""

    name = "mailer"
    capabilities = Capabilities(
        kind=ChannelKind.DIRECT,
        max_length=CONTENT_LIMIT,
        length_unit="bytes",
        batch_limit=MOST,
        tells_events=True,
    )

    def __init__(
        self, settings: MailerSettings, *, client: httpx.AsyncClient | None = None
    ) -> None:
        self._settings = settings
        self._wire = Wire(PROVIDER, settings, client, own=_own_words, clock=utc_now)

    def render(self, template: Template) -> Copy:
        """Return the mail with its sender filled in. Raises ``CannotExpress``."""
        return render_mail(template, self.name, name="", address=self._settings.from_address)

    async def send(self, batch: Batch) -> Receipt:
        """Send one batch in one request."""
        people = batch.addressees
        if not 1 <= len(people) <= MOST:
            raise Refused(f"Mailer: a batch has 1 to {MOST} addressees.", "Set batch_size so.")
        if bad := lacking_values(batch.copy, people):
            raise _bad_addressees(bad)
        letter = {
            "key": batch.key,
            "broadcast": batch.broadcast,
            **_words(batch.copy),
            "to": [_addressee(one) for one in people],
        }
        answer = await self._wire.publish(self._request("POST", json=letter))
        sent = body_of(answer, _Sent, Effect.PUBLISHES, PROVIDER)
        return Receipt(id=sent.id, at=utc_now())

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Ask the service for the letter that carries ``key``."""
        try:
            answer = await self._wire.ask(self._request("GET", params={"key": key}))
        except Refused as error:
            return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
        found = body_of(answer, _Letters, Effect.REPEATABLE, PROVIDER).letters
        if not found:
            return Sighting(finding=Finding.ABSENT)
        return Sighting(finding=Finding.FOUND, receipt=Receipt(id=found[0].id, at=utc_now()))

    async def check(self) -> Health:
        """Say whether the service answers and takes the token."""
        try:
            await self._wire.ask(self._request("GET", params={"key": "check"}))
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="Mailer: the service answers.")

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()

    def _request(
        self, method: str, *, json: object = None, params: dict[str, str] | None = None
    ) -> httpx.Request:
        token = self._settings.token.get_secret_value()
        return self._wire.request(
            method,
            f"{self._settings.base_url}/letters",
            json=json,
            params=params,
            headers={"Authorization": f"Bearer {token}"},
        )


def _words(copy: Copy) -> dict[str, object]:
    """What all addressees get; the service fills in its ``[[fields]]``, from their values."""
    if copy.voice is None or not copy.voice.address:
        raise Refused(
            "Mailer: the copy has no sender's address.",
            "Give its voice an address in the playbook, or set FRONTFOOT_MAILER_FROM_ADDRESS.",
        )
    return {
        "from": {"name": copy.voice.name, "address": copy.voice.address},
        "reply_to": copy.voice.reply_to,
        "subject": copy.subject,
        "text": copy.text,
        "html": copy.html,
    }


def _addressee(one: Addressee) -> dict[str, object]:
    """What is one addressee's own, for nobody else to see."""
    link = one.values.get(UNSUBSCRIBE_VALUE)
    headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": ONE_CLICK}
    return {
        "address": one.address,
        "delivery": one.delivery,
        "values": dict(one.values),
        "headers": headers if link else {},
    }


def _own_words(answer: httpx.Response) -> ChannelError | None:
    """A 422 that names addressees is about them; any other answer means what it usually does."""
    if answer.status_code != 422:
        return None
    try:
        bad = _Unwanted.model_validate_json(answer.content).bad
    except ValidationError:
        return None
    return _bad_addressees(bad)


def _bad_addressees(bad: list[int]) -> BadRecipient:
    return BadRecipient(
        f"Mailer: {len(bad)} of the addressees cannot be written to.",
        positions=bad,
        next_step="Correct their rows in the audience; the others go out without them.",
    )


class MailerEvents:
    """Reads the service's signed deliveries of events."""

    def __init__(self, settings: MailerEventSettings) -> None:
        self._secret = settings.secret.get_secret_value().encode()

    def read_events(
        self, body: bytes, headers: Mapping[str, str]
    ) -> list[DeliveryEvent | UnreadableEvent]:
        """The events about mail of ours; raises ``EventsNotGenuine`` or ``EventsUnreadable``."""
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), headers.get(SIGNATURE, "").encode()):
            raise EventsNotGenuine(
                "The signature does not match.", "Compare FRONTFOOT_MAILER_EVENTS_SECRET."
            )
        try:
            listed = elements(body)
        except NotAList:
            raise EventsUnreadable("The body is not a list of events.") from None
        return [event for event in map(_read, listed) if event is not None]


def _read(raw: bytes) -> DeliveryEvent | UnreadableEvent | None:
    """One event in our form, or None if it is not about mail of ours."""
    try:
        one = _Event.model_validate_json(raw)
    except ValidationError:
        return UnreadableEvent(raw, "not an event")
    if one.what not in KINDS or not (one.batch or one.delivery):
        return None
    return DeliveryEvent(one.id, KINDS[one.what], one.at, one.batch, one.delivery, _reason(one))


def _reason(event: _Event) -> str | None:
    """Why a mail bounced; after a hard bounce its address is not written to again."""
    if KINDS[event.what] is not DeliveryState.BOUNCED:
        return None
    return HARD_BOUNCE if event.permanent else "blocked"


ADAPTER = Adapter(
    MailerSettings,
    MailerChannel,
    events=EventSource(MailerEventSettings, MailerEvents),
    look_for="In the service's list of letters, search for the key.",
)
