"""Publications and broadcasts: the named states in which every intent ends, and receipts."""

from __future__ import annotations

from enum import StrEnum

from domain.model import Value
from domain.times import UtcTime


class PublicationState(StrEnum):
    """Where a message stands on a channel."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen unless a person acts."""
        return self not in (PublicationState.PLANNED, PublicationState.SENDING)


class DeliveryState(StrEnum):
    """Where one recipient's row stands; each later word is stronger evidence than the one before.

    The providers' events arrive doubled and in any order, so a row only ever moves down this list.
    """

    PLANNED = "planned"
    ACCEPTED = "accepted"
    PROCESSED = "processed"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    BOUNCED = "bounced"
    REFUSED = "refused"

    @property
    def rank(self) -> int:
        """Strength of the evidence, for "only ever forward"."""
        return list(DeliveryState).index(self)


class Receipt(Value):
    """The provider's word that it accepted something. Arrival is a later event."""

    id: str
    url: str | None = None
    at: UtcTime


class Finding(StrEnum):
    """What looking for an earlier attempt at the provider came to."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


class Sighting(Value):
    """The answer to "did it go out?": found (with its receipt), absent, or cannot tell."""

    finding: Finding
    receipt: Receipt | None = None
    why: str = ""


class Outcome(Value):
    """How a message ended on one channel, in words a person can act on."""

    channel: str
    state: PublicationState
    receipt: Receipt | None = None
    reason: str = ""
    next_step: str = ""
    attempts: int = 0
