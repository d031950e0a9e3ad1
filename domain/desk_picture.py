"""What came and what was answered by ten minutes, against the account's normal day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.model import Value
from domain.times import UtcTime, in_utc, show_clock

SLOT = timedelta(minutes=10)
SHORTEST, LONGEST = timedelta(hours=3), timedelta(hours=24)
"""How much time a picture shows."""

DAYS = 7
"""Days before it that a normal day is made of."""

AGES = (
    ("under 10 min", timedelta(minutes=10)),
    ("10 min to 1 h", timedelta(hours=1)),
    ("1 to 4 h", timedelta(hours=4)),
    ("4 to 24 h", timedelta(hours=24)),
)
"""The ages of open mentions, by the bound below which they are."""

OLDER = "over 24 h"


class Slot(Value):
    """Ten minutes from ``at`` on. ``normal``: what comes then on other days; None: not known."""

    at: UtcTime
    arrived: int = 0
    ended: int = 0
    normal: float | None = None


class Age(Value):
    """How many open mentions are that old, in words."""

    words: str
    open: int


class DeskPicture(Value):
    """What came and ended until ``until``, the oldest slot first, and how old is what is open.

    ``days`` is how many days before make up the normal one; 0 if there are none. Mail of machines
    is left out.
    """

    at: UtcTime
    until: UtcTime
    slots: tuple[Slot, ...]
    ages: tuple[Age, ...]
    days: int = 0

    @property
    def last_hour(self) -> tuple[int, float | None]:
        """What came in the last full hour of the picture, and what is normal then."""
        last = self.slots[-7:-1]
        normal = sum(one.normal or 0.0 for one in last) if self.days else None
        return sum(one.arrived for one in last), normal

    @property
    def sentences(self) -> list[str]:
        """The same for whoever does not see it, the most important first."""
        arrived, normal = self.last_hour
        begin = in_utc(self.slots[-7].at) if len(self.slots) > 6 else self.slots[0].at
        said = [f"In the hour from {show_clock(begin)}, {arrived:,} came{_times(arrived, normal)}."]
        busiest = max(self.slots, key=lambda one: one.arrived)
        if busiest.arrived:
            said.append(
                f"Most came in the ten minutes from {show_clock(busiest.at)}: "
                f"{busiest.arrived:,}, while {busiest.ended:,} were answered or dismissed."
            )
        if not self.days:
            said.append("What a normal day is like is known after a day of listening.")
        return said


def _times(arrived: int, normal: float | None) -> str:
    if normal is None:
        return ""
    if normal < 1:
        return "; normally almost nothing does"
    days = f"the {normal:,.0f} of a normal day"
    if arrived < 1.5 * normal:
        return f", against {days}"
    return f", {arrived / normal:,.0f} times {days}"


def slots_of(
    begin: datetime,
    until: datetime,
    arrived: Mapping[datetime, int],
    ended: Mapping[datetime, int],
    normal: Mapping[int, float] | None,
) -> tuple[Slot, ...]:
    """Every slot from ``begin`` to ``until``; ``normal`` is by the hour of the day, a slot each."""
    found, at = [], floor_of(begin)
    while at < until:
        usual = normal.get(at.hour, 0.0) if normal is not None else None
        found.append(Slot(at=at, arrived=arrived.get(at, 0), ended=ended.get(at, 0), normal=usual))
        at += SLOT
    return tuple(found)


def floor_of(at: datetime) -> datetime:
    """The beginning of the slot that ``at`` is in."""
    at = in_utc(at)
    return at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0)


def span_of(
    first: datetime | None, last: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """From when until when a picture is of what happened between ``first`` and ``last``.

    It ends now, unless nothing has happened for hours; then soon after the last thing.
    """
    until = now
    if last is not None and now - last > SHORTEST:
        until = last + SLOT
    begin = until - SHORTEST
    if first is not None:
        begin = max(min(first, begin), until - LONGEST)
    return floor_of(begin), until
