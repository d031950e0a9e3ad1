"""The incidents of the past, by day and by year, both in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from domain.page_state import resolved_at
from domain.status_page import PageIncident, StatusPage
from domain.times import in_utc

DAYS_SHOWN = 14


class Day(NamedTuple):
    """A day, the incidents that began on it, and those that were still open from an earlier one."""

    day: date
    begun: tuple[PageIncident, ...]
    continued: tuple[PageIncident, ...]


def last_days(page: StatusPage) -> tuple[Day, ...]:
    """The last fourteen days, today included, the newest first."""
    today = in_utc(page.generated_at).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS_SHOWN)]
    return tuple(
        Day(
            day,
            tuple(one for one in page.incidents if began_on(one) == day),
            tuple(one for one in page.incidents if began_on(one) < day <= _ended_on(one, today)),
        )
        for day in days
    )


def by_year(incidents: Iterable[PageIncident]) -> tuple[tuple[int, tuple[PageIncident, ...]], ...]:
    """Each year in which incidents began, the newest first, with its incidents."""
    ordered = sorted(incidents, key=lambda one: one.updates[0].at, reverse=True)
    years = groupby(ordered, key=lambda one: began_on(one).year)
    return tuple((year, tuple(of_year)) for year, of_year in years)


def began_on(incident: PageIncident) -> date:
    """The day of the first update."""
    return in_utc(incident.updates[0].at).date()


def _ended_on(incident: PageIncident, today: date) -> date:
    end = resolved_at(incident)
    return in_utc(end).date() if end else today
