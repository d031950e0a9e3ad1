"""What a provider reports about one mail, in words that belong to no provider.

A channel's adapter turns its provider's events into these, and the ledger records them, so that
neither has to know the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.errors import DomainError
from domain.publication import DeliveryState
from domain.suppression import Preference

HARD_BOUNCE = "bounce"
"""The ``reason_code`` of a permanent bounce; any other code may be temporary."""


EVENTS_PATH = "/webhooks"


class DeliveryEvent(NamedTuple):
    """One event about a mail of ours; a plain tuple, as there are millions.

    ``id`` is the provider's own, by which repeats are recognised. The keys are the marks that we
    sent along (``domain.ids``); one may be missing. ``kind`` is the state that the event proves,
    or what the recipient asked for; ``at`` is in UTC.

    Where an event concerns an address itself (``concerns_address``), ``address`` is that address as
    the provider gave it. It is used when the event has no mark that we know.
    """

    id: str
    kind: DeliveryState | Preference
    at: datetime
    batch_key: str | None = None
    delivery_key: str | None = None
    reason_code: str | None = None
    address: str | None = None


class UnreadableEvent(NamedTuple):
    """One event of a genuine delivery that could not be read, byte for byte as it came.

    ``why`` is a few words of ours. ``raw`` contains an address more often than not: it goes into
    the ledger, and never into a log.
    """

    raw: bytes
    why: str


def concerns_address(kind: DeliveryState | Preference, reason_code: str | None) -> bool:
    """Whether an event of this kind concerns an address, whichever mail it was about."""
    if kind is DeliveryState.BOUNCED:
        return reason_code == HARD_BOUNCE
    return kind in (Preference.COMPLAINED, Preference.UNSUBSCRIBED)


class EventsNotGenuine(DomainError):
    """A delivery of events whose signature does not match, or is too old."""


class EventsUnreadable(DomainError):
    """A delivery of events with a valid signature, but not in the provider's format."""


def events_path(channel: str) -> str:
    """Where a channel's provider delivers its events, below the public URL."""
    return f"{EVENTS_PATH}/{channel}"
