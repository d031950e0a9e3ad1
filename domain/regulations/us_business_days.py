"""The days on which the United States' SEC is open for business.

Federal holidays by 5 U.S.C. 6103: of one that falls on a Saturday the Friday before is free, of one
that falls on a Sunday the Monday after. What the President declares for one year is not known here,
and Inauguration Day counts as a business day: what counts from a day too few is due earlier.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_ONE_DAY = timedelta(days=1)


def is_business_day(day: date) -> bool:
    """Whether the SEC is open on ``day``."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def nth_business_day(first: date, number: int) -> date:
    """The business day number ``number``, if ``first`` or the next one after it is number 1."""
    day = first
    while not is_business_day(day):
        day += _ONE_DAY
    for _ in range(number - 1):
        day += _ONE_DAY
        while not is_business_day(day):
            day += _ONE_DAY
    return day


@cache
def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11)]
    # New Year's Day on a Saturday is observed on the last day of the year before.
    fixed += [date(year, 12, 25), date(year + 1, 1, 1)]
    return frozenset(
        [
            *map(_observed, fixed),
            _nth(year, 1, _MONDAY, 3),
            _nth(year, 2, _MONDAY, 3),
            _last(year, 5, _MONDAY),
            _nth(year, 9, _MONDAY, 1),
            _nth(year, 10, _MONDAY, 2),
            _nth(year, 11, _THURSDAY, 4),
        ]
    )


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - _ONE_DAY
    return day + _ONE_DAY if day.weekday() == _SUNDAY else day


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _last(year: int, month: int, weekday: int) -> date:
    end = date(year, month + 1, 1) - _ONE_DAY
    return end - timedelta(days=(end.weekday() - weekday) % 7)
