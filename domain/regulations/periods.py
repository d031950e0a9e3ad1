"""When a period ends.

For the European Union by Regulation (EEC, Euratom) No 1182/71, Article 3: the day of the event is
not counted; days and months end with the last hour of their last day, a month with the day of the
same number or the month's last; and if that is a Saturday or a Sunday, with the next Monday's. Two
things that it would add are left out, so that nothing here is ever later than the law: public
holidays, which differ by country, and the rest of the hour in which the event happened. What is
expressed in hours is counted on the clock, through nights, weekends and changes of the clocks.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.regulations.rule import Period, Unit
from domain.regulations.us_business_days import is_business_day, nth_business_day
from domain.times import in_utc

_SATURDAY = 5
_LAST_SECOND = time(23, 59, 59)
_SEC_CLOSES = time(17, 30)
"""EDGAR dates what comes later on the next business day (Regulation S-T, Rule 13(a)(2))."""


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name, or UTC if this machine knows none."""
    try:
        return ZoneInfo(name)
    # A name such as "../x" is a ValueError, an unknown one a KeyError.
    except (ValueError, KeyError, OSError):
        return ZoneInfo("UTC")


def end_of(period: Period, start: datetime, zone: ZoneInfo) -> datetime:
    """When a period that begins at ``start`` ends, in UTC; its days are those of ``zone``."""
    day = start.astimezone(zone).date()
    match period.unit:
        case Unit.HOURS:
            return in_utc(start) + timedelta(hours=period.length)
        case Unit.DAYS:
            last = _not_on_a_weekend(day + timedelta(days=period.length))
        case Unit.MONTHS:
            last = _not_on_a_weekend(_months_later(day, period.length))
        case Unit.US_BUSINESS_DAYS:
            # By Form 8-K, General Instruction B.1: what happens on a day off begins to count on,
            # and includes, the next business day.
            first = day + timedelta(days=1) if is_business_day(day) else day
            return _at(nth_business_day(first, period.length), _SEC_CLOSES, zone)
    return _at(last, _LAST_SECOND, zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # The second of two, where the clocks go back at midnight: the day is over after it.
    return datetime.combine(day, clock, tzinfo=zone).replace(fold=1).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _not_on_a_weekend(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= _SATURDAY else 0)
