"""Shifts across every change of the clocks: nobody twice, nobody never, and on the wall's time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.on_call import Layer, Override, Schedule, Turn, Weekday
from domain.shifts import Shift, covering, gaps, on_call_at, overlaps, shifts_between
from domain.wall_time import moment_of, on_the_wall

ZONES = (
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "America/Santiago",
    "Australia/Sydney", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Beirut", "Pacific/Apia",
)  # fmt: skip
YEARS = range(2010, 2031)
DAY = timedelta(days=1)


def wall(text: str) -> datetime:
    """A wall time, which has no zone."""
    return datetime.fromisoformat(text)


def changes(zone: str) -> Iterator[datetime]:
    """Every change of the clocks in these years, to the second."""
    there = ZoneInfo(zone)
    at, end = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC)
    while at < end:
        if at.astimezone(there).utcoffset() != (at + DAY).astimezone(there).utcoffset():
            early, late = at, at + DAY
            while late - early > timedelta(seconds=1):
                middle = (early + (late - early) / 2).replace(microsecond=0)
                same = middle.astimezone(there).utcoffset() == at.astimezone(there).utcoffset()
                early, late = (middle, late) if same else (early, middle)
            yield late
        at += DAY


def night_and_day(begins: str, ends: str, zone: str, turn: Turn = Turn.DAY) -> Schedule:
    """Two layers that together are the whole day, however long that is."""
    both = {"people": ("ann", "ben", "cid"), "starts": date(2009, 6, 1), "turn": turn}
    return Schedule(
        zone=zone,
        layers=(
            Layer.model_validate({**both, "from": begins, "to": ends}),
            Layer.model_validate({**both, "from": ends, "to": begins}),
        ),
    )


@pytest.mark.parametrize("zone", ZONES)
def test_at_every_change_of_the_clocks_exactly_one_is_on_call_and_hands_over_on_time(
    zone: str,
) -> None:
    hours = (("22:00", "06:00"), ("02:30", "10:00"), ("00:00", "01:15"))
    seen = 0
    for change in changes(zone):
        seen += 1
        begin, end = change - 2 * DAY, change + 2 * DAY
        for begins, ends in hours:
            schedule = night_and_day(begins, ends, zone)
            found = shifts_between(schedule, begin, end)
            assert gaps(found, begin, end) == []
            assert overlaps(found, begin, end) == []
            for one in found:
                clock = on_the_wall(one.begins, zone).time()
                on_time = clock in (time.fromisoformat(begins), time.fromisoformat(ends))
                # At a time that is skipped, one hands over at the moment when it is skipped.
                assert on_time or one.begins == change
    assert seen >= 2, zone


@given(
    zone=st.sampled_from(ZONES),
    minutes=st.integers(0, 1439),
    turn=st.sampled_from(Turn),
    at=st.datetimes(wall("2010-01-01 00:00"), wall("2030-12-01 00:00"), timezones=st.just(UTC)),
)
def test_whoever_takes_turns_all_day_leaves_no_moment_to_nobody(
    zone: str, minutes: int, turn: Turn, at: datetime
) -> None:
    begins = f"{minutes // 60:02d}:{minutes % 60:02d}"
    layer = Layer.model_validate(
        {"people": ("ann", "ben"), "starts": date(2009, 6, 1), "turn": turn, "from": begins}
    )
    found = shifts_between(Schedule(zone=zone, layers=(layer,)), at, at + 9 * DAY)
    assert gaps(found, at, at + 9 * DAY) == []
    assert overlaps(found, at, at + 9 * DAY) == []
    for before, after in pairwise(found):
        assert before.person != after.person


@given(
    zone=st.sampled_from(ZONES),
    shown=st.datetimes(wall("2010-01-01 00:00"), wall("2030-01-01 00:00")),
    later=st.integers(0, 3 * 24 * 60),
)
def test_a_later_wall_time_is_never_an_earlier_moment(
    zone: str, shown: datetime, later: int
) -> None:
    shown = shown.replace(second=0, microsecond=0)
    assert moment_of(shown, zone) <= moment_of(shown + timedelta(minutes=later), zone)


@pytest.mark.parametrize(
    ("zone", "shown", "moment"),
    [
        # Shown twice: the first. Skipped: the moment at which it is.
        ("Europe/London", wall("2026-10-25 01:30"), wall("2026-10-25 00:30")),
        ("Europe/London", wall("2026-03-29 01:30"), wall("2026-03-29 01:00")),
        ("America/New_York", wall("2026-03-08 02:59"), wall("2026-03-08 07:00")),
        ("Australia/Lord_Howe", wall("2026-10-04 02:15"), wall("2026-10-03 15:30")),
        # All of 30 December 2011 was skipped.
        ("Pacific/Apia", wall("2011-12-30 12:00"), wall("2011-12-30 10:00")),
    ],
)
def test_times_that_are_shown_twice_or_never(zone: str, shown: datetime, moment: datetime) -> None:
    assert moment_of(shown, zone) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(24, 9), (28, 7), (31, 8)])
def test_a_night_is_as_long_as_it_is(day: int, hours: int) -> None:
    """The nights of 24 October, 28 March and an ordinary one in Berlin, from 22:00 to 06:00."""
    month = {24: 10, 28: 3, 31: 7}[day]
    layer = Layer.model_validate({"people": ("ann",), "from": "22:00", "to": "06:00"})
    at = moment_of(wall(f"2026-{month:02d}-{day} 23:00"), "Europe/Berlin")
    [shift] = on_call_at(Schedule(zone="Europe/Berlin", layers=(layer,)), at)
    assert shift.ends - shift.begins == timedelta(hours=hours)


def test_an_override_takes_the_place_of_everybody_for_exactly_its_time() -> None:
    schedule = Schedule(
        zone="Europe/Berlin",
        layers=(Layer(people=("ann",)), Layer(people=("ben",), days=(Weekday.SAT,))),
        overrides=(
            Override.model_validate(
                {"person": "cid", "from": "2026-10-24 09:00", "to": "2026-10-25 09:00"}
            ),
        ),
    )
    begin = datetime(2026, 10, 24, tzinfo=UTC)
    found = shifts_between(schedule, begin, begin + 2 * DAY)
    cid = [one for one in found if one.person == "cid"]
    # The clocks changed in between.
    assert [one.ends - one.begins for one in cid] == [timedelta(hours=25)]
    at = datetime(2026, 10, 25, 7, 59, tzinfo=UTC)
    assert [one.person for one in covering(found, at)] == ["cid"]
    assert [one.person for one in covering(found, at + timedelta(minutes=1))] == ["ann"]
    saturday = datetime(2026, 10, 24, 1, tzinfo=UTC)
    assert [one.person for one in covering(found, saturday)] == ["ann", "ben"]


def test_gaps_and_overlaps_have_their_times() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def shift(person: str, first: int, last: int) -> Shift:
        hour = timedelta(hours=1)
        return Shift(person=person, begins=at + first * hour, ends=at + last * hour)

    found = [shift("ann", 1, 5), shift("ben", 4, 8), shift("ann", 9, 10)]
    end = at + timedelta(hours=12)
    assert [(one.begins.hour, one.ends.hour) for one in gaps(found, at, end)] == [
        (0, 1), (8, 9), (10, 12),
    ]  # fmt: skip
    [both] = overlaps(found, at, end)
    assert (both.begins.hour, both.ends.hour, both.people) == (4, 5, ("ann", "ben"))
    assert gaps([], at, end)[0].ends == end
