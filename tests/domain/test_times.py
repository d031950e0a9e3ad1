"""Times as people read them: in UTC, and in words that no machine's language changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from domain.times import show_clock, show_day, show_moment, show_on_its_day

NOW = datetime(2013, 10, 26, 14, 5, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "name"),
    list(enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)),
)
def test_a_moment_names_its_month_in_english(month: int, name: str) -> None:
    assert show_moment(NOW.replace(month=month)) == f"26 {name} 14:05 UTC"


def test_a_moment_pads_its_day_so_that_marks_have_one_length() -> None:
    assert show_moment(NOW.replace(day=3)) == "03 Oct 14:05 UTC"


def test_a_clock_read_elsewhere_is_shown_in_utc() -> None:
    assert show_clock(NOW.astimezone(timezone(timedelta(hours=-7)))) == "14:05 UTC"


@pytest.mark.parametrize(
    ("today", "shown"),
    [
        (NOW, "14:05 UTC"),
        (NOW.replace(hour=0, minute=0), "14:05 UTC"),
        (datetime(2013, 10, 26, 1, 0, tzinfo=timezone(timedelta(hours=-7))), "14:05 UTC"),
        (NOW - timedelta(days=1), "Saturday 26 October, 14:05 UTC"),
        (
            datetime(2013, 10, 25, 16, 0, tzinfo=timezone(timedelta(hours=-7))),
            "Saturday 26 October, 14:05 UTC",
        ),
    ],
)
def test_a_time_on_another_day_is_shown_with_its_day(today: datetime, shown: str) -> None:
    assert show_on_its_day(NOW, today) == shown


@pytest.mark.parametrize("day", [date(2013, 11, 14), datetime(2013, 11, 14, tzinfo=UTC)])
def test_a_day_is_written_out(day: date) -> None:
    assert show_day(day) == "14 November 2013"


def test_a_moments_day_is_the_day_it_is_in_utc() -> None:
    late = datetime(2013, 10, 26, 23, 30, tzinfo=timezone(timedelta(hours=-7)))
    assert show_day(late) == "27 October 2013"


@pytest.mark.parametrize("show", [show_clock, show_moment, show_day])
def test_a_time_without_a_zone_is_nobodys_time(show: Callable[[datetime], str]) -> None:
    with pytest.raises(ValueError, match="no zone"):
        show(NOW.replace(tzinfo=None))
