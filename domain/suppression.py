"""Why an address must not be written to, and what each reason covers.

A bounce says that nothing arrives. A complaint or an unsubscription says that somebody does not
want mail. That is no reason to stay silent when their account is in danger, so both cover every
class except safety. See ``docs/decisions/0031``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.message import MessageClass


class SuppressionReason(StrEnum):
    """The reasons that we store ourselves; each is stronger than those before it."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    REQUESTED = "requested"
    INVALID = "invalid"
    BOUNCED = "bounced"


class Preference(StrEnum):
    """What a recipient told the provider about our mail: more of it, less, or a complaint."""

    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"


class ListedAddress(NamedTuple):
    """An address on a list that a provider keeps, since when (UTC), and what the list means."""

    address: str
    reason: SuppressionReason
    since: datetime


_ALL_BUT_SAFETY = tuple(one for one in MessageClass if one is not MessageClass.SAFETY)


def covered_by(reason: SuppressionReason) -> tuple[MessageClass | None, ...]:
    """The classes of message that ``reason`` covers; ``(None,)`` is every class there will be."""
    if reason in (SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED):
        return _ALL_BUT_SAFETY
    return (None,)
