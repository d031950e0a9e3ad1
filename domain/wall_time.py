"""Wall time: what the clocks of a zone show, and which moment that is.

Hours of people are written as wall times and turned into moments day by day, never by adding
durations: a day at a change of the clocks has 23 or 25 hours, and one in Lord Howe 23.5.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator

from domain.suggest import did_you_mean
from domain.times import in_utc

_SECOND = timedelta(seconds=1)


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return datetime.strptime(value.strip(), "%H:%M").time()  # noqa: DTZ007 - a wall time
    except ValueError:
        raise ValueError("must be a time of day from 00:00 to 23:59, such as 09:00") from None


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("must be a date such as 2026-01-31") from None


def _day_and_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(value.strip(), form)  # noqa: DTZ007 - a wall time
        except ValueError:
            continue
    raise ValueError("must be a date, or a date and a time such as 2026-01-31 09:00")


WallClock = Annotated[time, BeforeValidator(_time)]
"""``09:00``, as the clocks of some zone show it."""

WallDay = Annotated[date, BeforeValidator(_day)]
"""``2026-01-31``, in some zone."""

WallMoment = Annotated[datetime, BeforeValidator(_day_and_time)]
"""``2026-01-31 09:00``, as the clocks of some zone show it; without a zone of its own."""


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def is_zone(name: str) -> bool:
    """Whether ``name`` is a time zone of the IANA database, such as ``Europe/Madrid``."""
    return name in _zones()


def like_zone(name: str) -> str:
    """What to do about an unknown zone."""
    near = did_you_mean(name, _zones())
    # There are some 600, too many to list.
    unlisted = "Name it as the IANA time zone database does, such as Europe/Madrid, or UTC."
    return near if near.startswith("Did") else unlisted


def moment_of(wall: datetime, zone: str) -> datetime:
    """The moment, in UTC, at which the clocks of ``zone`` show ``wall`` (without a zone).

    A time that is shown twice is the first of the two. One that is skipped is the moment at which
    it is skipped. So a later wall time is never an earlier moment, and what ends at a wall time
    ends exactly where something else begins that begins at it.
    """
    return _moment_of(wall, zone)


@lru_cache(maxsize=65_536)
def _moment_of(wall: datetime, zone: str) -> datetime:
    there = ZoneInfo(zone)
    before = wall.replace(tzinfo=there, fold=0).astimezone(UTC)
    if before.astimezone(there).replace(tzinfo=None, fold=0) == wall:
        return before
    # Skipped: by the clocks of afterwards it is too early, by those of before too late.
    early = wall.replace(tzinfo=there, fold=1).astimezone(UTC)
    late = before
    later = late.astimezone(there).utcoffset()
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        if middle.astimezone(there).utcoffset() == later:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


def on_the_wall(at: datetime, zone: str) -> datetime:
    """What the clocks of ``zone`` show at a moment; carries the zone."""
    return in_utc(at).astimezone(ZoneInfo(zone))


def show_wall(at: datetime, zone: str) -> str:
    """``Sun 29 Nov 03:00``, in the zone's own time."""
    there = on_the_wall(at, zone)
    return f"{_DAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]} {there:%H:%M}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
