"""How long to wait before trying again where a provider took nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from channels.contract import Throttled, Unreachable

LONGEST_BELIEVED = timedelta(hours=24)
"""No provider has a longer window: a time further away is a mistake of its or of our clock."""

_UNREACHABLE = (timedelta(milliseconds=500), timedelta(minutes=1))
_THROTTLED = (timedelta(seconds=1), timedelta(minutes=15))


_HELD = (timedelta(seconds=1), timedelta(seconds=30))


def growing(attempt: int, limits: tuple[timedelta, timedelta] = _HELD) -> timedelta:
    """A wait that doubles with each ``attempt`` in a row, from the first limit to the last."""
    first, longest = limits
    return min(first * (1 << min(max(attempt - 1, 0), 20)), longest)


def wait_for(error: Unreachable | Throttled, attempt: int, now: datetime) -> timedelta:
    """The time until the next attempt, after ``attempt`` in a row at which nothing was taken.

    A provider's own time is kept to. One that has passed already, or is absurdly far away, says
    nothing, so that the wait doubles with each attempt: the same if the provider names a near time
    again and again. Otherwise a clock that is wrong would have us ask without end.
    """
    wait = growing(attempt, _THROTTLED if isinstance(error, Throttled) else _UNREACHABLE)
    if not isinstance(error, Throttled):
        return wait
    told = error.until - now
    return max(told, wait) if told <= LONGEST_BELIEVED else wait
