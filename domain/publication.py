"""Publications and broadcasts: their states, destinations and outcomes, and receipts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import SUBSCRIBERS, AudienceName, ChannelName, MessageRef
from domain.ledger import BegunAttempt
from domain.model import Value
from domain.times import UtcTime


class PublicationState(StrEnum):
    """The state of a message on a channel; ``partly_accepted`` is only a broadcast as a whole."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen unless a person acts."""
        return self not in (PublicationState.PLANNED, PublicationState.SENDING)

    @property
    def retriable(self) -> bool:
        """Whether a person may have it, or the rest of it, sent once more."""
        return self in _RETRIABLE


_RETRIABLE = frozenset(
    {PublicationState.REFUSED, PublicationState.ABANDONED, PublicationState.PARTLY_ACCEPTED}
)


class DeliveryState(StrEnum):
    """The state of one recipient's row; each is stronger evidence than the one before.

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


SEEN_BY_A_PERSON = "seen-by-a-person"
"""The id of a receipt when the platform's own is not known: a person looked, and saw it."""


class Receipt(Value):
    """The provider's confirmation that it accepted something. Arrival is a later event.

    ``degraded`` says what is not as it should be all the same, if anything.
    """

    id: str
    url: str | None = None
    at: UtcTime
    degraded: Explanation | None = None


class Finding(StrEnum):
    """The result of looking for an earlier attempt at the provider."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


class Sighting(Value):
    """The answer to "did it go out?": found (with its receipt), absent, or cannot tell."""

    finding: Finding
    receipt: Receipt | None = None
    why: str = ""


class Destination(Value):
    """Where a message goes: a post channel, or a direct channel and one audience."""

    channel: ChannelName
    audience: AudienceName | None = None

    @property
    def key(self) -> str:
        """Its name among a message's destinations: ``email/customers``, ``twitter``."""
        return self.channel if self.audience is None else f"{self.channel}/{self.audience}"

    def __str__(self) -> str:
        return f"{self.channel}{self.to_whom}"

    def step(self, action: Action, message: MessageRef, advice: str = "") -> NextStep:
        """What somebody could do about ``message`` here."""
        return NextStep(
            action=action,
            incident=message.incident,
            message=message.number,
            channel=self.channel,
            audience=self.audience or "",
            advice=advice,
        )

    @property
    def to_whom(self) -> str:
        """`` to customers`` for an audience, nothing for a post."""
        return "" if self.audience is None else f" to {self.audience}"


def choose_destination(
    number: int, destinations: Iterable[Destination], channel: str, audience: str | None = None
) -> Destination:
    """The one of a message's ``destinations`` that is meant; ``audience`` may be left out.

    Subscribers of the status page have to be named where others get it too. ``DomainError`` if
    message ``number`` does not go there, or to several audiences.
    """
    every = list(destinations)
    there = [one for one in every if one.channel == channel]
    if audience is not None:
        there = [one for one in there if one.audience == audience]
    elif len(there) > 1:
        there = [one for one in there if one.audience != SUBSCRIBERS]
    if len(there) == 1:
        return there[0]
    if not there:
        whom = "" if audience is None else f" to {audience}"
        raise DomainError(
            f"Message {number} does not go out on {channel}{whom}.",
            f"It goes out on {', '.join(map(str, every))}.",
        )
    names = ", ".join(one.audience or "" for one in there)
    raise DomainError(
        f"Message {number} goes to several audiences on {channel}: {names}.",
        "Name the one that you mean.",
    )


class Outcome(Value):
    """The state of a message at one destination.

    ``explanation`` is there wherever a person may ask why, and what to do. ``uncertain``: an
    attempt may have gone out that was never seen at the provider, whatever became of later ones.
    ``begun`` is the last attempt that the ledger entered.
    """

    channel: ChannelName
    audience: AudienceName | None = None
    state: PublicationState
    receipt: Receipt | None = None
    explanation: Explanation | None = None
    attempts: int = 0
    uncertain: bool = False
    begun: BegunAttempt | None = None

    @classmethod
    def at(
        cls,
        destination: Destination,
        state: PublicationState,
        explanation: Explanation | None = None,
        *,
        receipt: Receipt | None = None,
        attempts: int = 0,
        uncertain: bool = False,
    ) -> Outcome:
        """The outcome of a message at ``destination``."""
        return cls(
            channel=destination.channel,
            audience=destination.audience,
            state=state,
            receipt=receipt,
            explanation=explanation,
            attempts=attempts,
            uncertain=uncertain,
        )

    @property
    def destination(self) -> Destination:
        """The destination that this is about."""
        return Destination(channel=self.channel, audience=self.audience)
