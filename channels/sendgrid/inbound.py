"""Reads SendGrid's Inbound Parse webhook: mail that people write to us, told at once.

Last verified against the live API: never yet. Written from Twilio's documentation (Inbound Parse,
and "Securing your Inbound Parse Webhooks", which says that a signature and a timestamp are in
headers; their names are taken to be those of the event webhook). Both of its forms are read: the
mail taken apart, and the whole mail as it came ("POST the raw, full MIME message").

A mail has up to 30 MB. It is verified and taken apart while it comes in; of its texts the
beginnings are kept, of its attachments nothing. Only what is signed is believed: a security policy
with a signature has to be attached to the webhook.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import MentionSource
from channels.html_words import words_of
from channels.http import Clock, utc_now
from channels.letter_words import (
    BEGINNING,
    Letter,
    letter_of,
    mention_of_letter,
    without_quotations,
)
from channels.listening import ChallengeAnswer
from channels.sendgrid.events import SIGNATURE, TIMESTAMP, SignedBody, ask_for_key, public_key_of
from channels.sendgrid.form import ArrivingForm, Part
from channels.sendgrid.verification_key import read_key
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import Gone, Mention

LARGEST = 31 * 1024 * 1024
"""Bytes of a delivery: a mail of 30 MB and the form around it."""

_KEPT = frozenset({"headers", "subject", "text", "html", "email", "envelope", "charsets"})


class InboundSettings(BaseSettings):
    """What verifies mail that SendGrid hands on; nothing of it can send."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTFOOT_EMAIL_INBOUND_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    public_key: Annotated[str, AfterValidator(read_key)] = Field(
        description="public key of the security policy of the Inbound Parse webhook"
    )


class InboundMail:
    """Reads mail that SendGrid has signed."""

    largest = LARGEST

    def __init__(self, settings: InboundSettings, *, clock: Clock = utc_now) -> None:
        self._key = public_key_of(settings.public_key)
        self._clock = clock

    def read_mentions(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Mention | Gone]:
        """The mail in one signed delivery."""
        arriving = self.expect_mentions(headers)
        arriving.add(body)
        arriving.verify()
        return arriving.read()

    def answer_challenge(self, query: Mapping[str, str]) -> ChallengeAnswer | None:
        """None: SendGrid asks nothing."""
        return None

    def expect_mentions(self, headers: Mapping[str, str]) -> ArrivingMail:
        """Begin to verify a delivery. Raises ``EventsNotGenuine`` if no body could be genuine."""
        signed = SignedBody.expected(
            self._key, headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
        )
        if signed is None:
            raise _not_signed()
        return ArrivingMail(signed, headers.get("content-type", ""), self._clock)


class ArrivingMail:
    """One mail whose form is still coming in."""

    def __init__(self, signed: SignedBody, content_type: str, clock: Clock) -> None:
        self._signed = signed
        self._clock = clock
        self._form: ArrivingForm | None = None
        try:
            self._form = ArrivingForm(content_type, _KEPT, BEGINNING)
        except ValueError:
            # Whether it was signed is told first.
            self._form = None

    def add(self, piece: bytes) -> None:
        """The next piece of the body."""
        self._signed.add(piece)
        try:
            if self._form is not None:
                self._form.add(piece)
        except ValueError:
            self._form = None

    def verify(self) -> None:
        """Raise ``EventsNotGenuine`` if SendGrid did not sign these very bytes; call it once."""
        if not self._signed.genuine():
            raise _not_signed()

    def read(self) -> Sequence[Mention | Gone]:
        """The mail. Raises ``EventsUnreadable``."""
        try:
            if self._form is None:
                raise ValueError("not a form")
            self._form.close()
        except ValueError:
            raise EventsUnreadable("This delivery is not in SendGrid's format.") from None
        letter = _letter(self._form.parts)
        if letter is None:
            raise EventsUnreadable("There is no mail in this delivery.")
        return [mention_of_letter(letter, "email", self._clock())]


def _letter(parts: Mapping[str, Part]) -> Letter | None:
    if "email" in parts:
        whole = parts["email"]
        letter = letter_of(bytes(whole.content), cut=whole.cut)
    elif "headers" in parts:
        letter = _taken_apart(parts)
    else:
        return None
    sender = _object(parts.get("envelope")).get("from")
    return replace(letter, envelope_sender=sender) if isinstance(sender, str) else letter


def _taken_apart(parts: Mapping[str, Part]) -> Letter:
    charsets = _object(parts.get("charsets"))

    def text(name: str) -> str:
        part = parts.get(name)
        return _decoded(bytes(part.content), charsets.get(name)) if part else ""

    body = text("text") or words_of(text("html"))
    words = "\n\n".join(filter(None, (text("subject").strip(), without_quotations(body))))
    letter = letter_of(bytes(parts["headers"].content).strip() + b"\r\n\r\n")
    cut = any(parts[name].cut for name in ("text", "html") if name in parts)
    return replace(letter, words=words, cut=cut)


def _object(part: Part | None) -> dict[str, object]:
    try:
        found = json.loads(bytes(part.content)) if part else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _decoded(content: bytes, charset: object) -> str:
    try:
        return content.decode(charset if isinstance(charset, str) else "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _not_signed() -> EventsNotGenuine:
    return EventsNotGenuine(
        "The signature of this delivery does not match.",
        "If it is SendGrid's: compare FRONTFOOT_EMAIL_INBOUND_PUBLIC_KEY with the public key of "
        "the webhook's security policy.",
    )


INBOUND = MentionSource(InboundSettings, InboundMail, ask_account=ask_for_key)
