"""Times as people read them, always in UTC and independent of the machine's locale."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC; ``ValueError`` for a time without a zone.

    A time without a zone would mean something else on each machine.
    """
    if at.tzinfo is None:
        raise ValueError("this time has no zone: give it in UTC")
    return at.astimezone(UTC)


UtcTime = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A time with a zone, kept in UTC, so that one instant has one spelling in a digest."""


def show_clock(at: datetime) -> str:
    """``15:30 UTC``."""
    return f"{in_utc(at):%H:%M} UTC"


def show_on_its_day(at: datetime, today: datetime) -> str:
    """``15:30 UTC`` if that is on the day of ``today``; ``Saturday 28 November, 09:00 UTC`` if not.

    A reader takes a time of day without its day for one of the same day.
    """
    utc = in_utc(at)
    if utc.date() == in_utc(today).date():
        return show_clock(utc)
    return f"{_DAYS[utc.weekday()]} {utc.day} {_MONTHS[utc.month - 1]}, {show_clock(utc)}"


def show_moment(at: datetime) -> str:
    """``26 Oct 15:30 UTC``."""
    utc = in_utc(at)
    return f"{utc.day:02d} {_MONTHS[utc.month - 1][:3]} {show_clock(utc)}"


def show_second(at: datetime) -> str:
    """``26 Oct 15:30:20 UTC``."""
    utc = in_utc(at)
    return f"{utc.day:02d} {_MONTHS[utc.month - 1][:3]} {utc:%H:%M:%S} UTC"


def show_day(day: date) -> str:
    """``26 October 2013``, of a day or of a moment's day in UTC."""
    if isinstance(day, datetime):
        day = in_utc(day).date()
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
