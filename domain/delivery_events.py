"""What a provider says became of one mail, in words that no provider owns.

A channel's adapter reads its provider's events into these, and the ledger records them: neither
has to know the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.errors import DomainError
from domain.publication import DeliveryState
from domain.suppression import Preference

HARD_BOUNCE = "bounce"
"""The ``reason_code`` of a bounce that will not get better; with any other code it may."""


EVENTS_PATH = "/webhooks"


class DeliveryEvent(NamedTuple):
    """One thing that a provider says about a mail of ours; a plain tuple, as there are millions.

    ``id`` is the provider's own, by which repeats are known. The keys are the marks that we sent
    along (``domain.ids``); one may be missing. ``kind`` is the state that the event proves, or
    what the recipient told the provider; ``at`` is in UTC.
    """

    id: str
    kind: DeliveryState | Preference
    at: datetime
    batch_key: str | None = None
    delivery_key: str | None = None
    reason_code: str | None = None


class EventsNotGenuine(DomainError):
    """A delivery of events whose signature does not fit, or was made too long ago."""


class EventsUnreadable(DomainError):
    """A delivery of events that is signed as it should be, and is not in the provider's form."""


def events_path(channel: str) -> str:
    """Where a channel's provider delivers its events, below the public URL."""
    return f"{EVENTS_PATH}/{channel}"
