"""A surge: far more is said to an account than it is used to at this hour.

It proposes that somebody opens an incident. Nothing is opened or published because of it.
"""

from __future__ import annotations

from datetime import timedelta

from domain.ids import ChannelName
from domain.model import Value

WINDOW = timedelta(minutes=10)
"""What is counted now."""

DAYS = 14
"""So many days before are the account's normal, those that it was not listened to left out."""

GOES_ON = 0.5
"""A surge ends below this share of what begins one, so that it does not begin over and over."""


class SurgeRule(Value):
    """So many times the normal volume is a surge, and at least so many mentions in ten minutes.

    The second number keeps three mentions where one is normal from being one.
    """

    fold: float = 5.0
    least: int = 50


class Volume(Value):
    """How many mentions an account got in the last ten minutes.

    ``normal`` is the average for ten minutes of this hour on ``days`` days before; without any
    day, nothing is known to be normal, and it is 0.
    """

    channel: ChannelName
    count: int
    normal: float = 0.0
    days: int = 0


def begins(volume: Volume, rule: SurgeRule) -> bool:
    """Whether this is a surge."""
    return volume.count >= _threshold(volume, rule)


def goes_on(volume: Volume, rule: SurgeRule) -> bool:
    """Whether a surge that has begun is not over."""
    return volume.count >= GOES_ON * _threshold(volume, rule)


def _threshold(volume: Volume, rule: SurgeRule) -> float:
    return max(float(rule.least), rule.fold * volume.normal)
