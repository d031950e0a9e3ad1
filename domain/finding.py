"""What is found to be wrong with people before anything happens, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from domain.model import Value
from domain.times import in_utc, show_moment

HOURS = timedelta(hours=168)
"""A week: each of its hours is tried for each gate."""

_HOUR = timedelta(hours=1)
_SHOWN = 3
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Finding(Value):
    """One thing that is wrong, and what to do about it; ``serious`` if somebody would wait for it.

    ``times`` are the moments of which it is told, in full.
    """

    about: str
    what: str
    next_step: str
    serious: bool = True
    times: tuple[datetime, ...] = ()


def hours_of_week(begin: datetime) -> Iterator[datetime]:
    """The full hours of the week that follows a moment."""
    first = begin.replace(minute=0, second=0, microsecond=0)
    return (first + number * _HOUR for number in range(1, HOURS // _HOUR + 1))


def show_hour(at: datetime) -> str:
    """``at 03:00 UTC on Sunday 29 Nov``."""
    utc = in_utc(at)
    return f"at {utc:%H:%M} UTC on {_DAYS[utc.weekday()]} {show_moment(utc)[:6]}"


def listed(words: Iterable[str], joined: str = "and") -> str:
    """``a, b and c``; of many the first, and how many more there are."""
    named = list(words)
    if len(named) > _SHOWN:
        named = [*named[:_SHOWN], f"{len(named) - _SHOWN} more"]
        joined = "and"
    return f" {joined} ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
