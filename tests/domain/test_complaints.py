"""What people complain about in the on-call schedules of other tools, with other inputs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.duty_days import duty_days
from domain.on_call import Layer, Override, Schedule, Turn, Weekday
from domain.shifts import on_call_at, shifts_between

WORKDAYS = tuple(Weekday)[:5]
DAY = timedelta(days=1)
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")


def test_turns_of_a_day_pass_over_days_without_a_shift() -> None:
    """Friday's person was Monday's too; of seven who shared five days, two were never on call."""
    three = Layer(
        people=("ann", "ben", "cid"), turn=Turn.DAY, starts=date(2026, 1, 7), days=WORKDAYS
    )
    turns = [three.whose_turn(date(2026, 1, 7) + number * DAY) for number in range(7)]
    assert turns == ["ann", "ben", "cid", None, None, "ann", "ben"]

    seven = tuple("abcdefg")
    layer = Layer(people=seven, turn=Turn.DAY, starts=date(2026, 1, 7), days=WORKDAYS)
    days = [date(2026, 1, 7) + number * DAY for number in range(7 * 7)]
    assert Counter(filter(None, map(layer.whose_turn, days))) == dict.fromkeys(seven, 5)


@given(
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2026, 1, 1), date(2026, 12, 1)),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)),
    begins=st.integers(0, 4 * 24),
    length=st.integers(1, 60),
)
def test_a_calendar_shows_whoever_would_be_asked(
    zone: str, first: date, hours: tuple[int, int], begins: int, length: int
) -> None:
    """Others show the planned person while somebody else has taken over."""
    noon = datetime(first.year, first.month, first.day, 12)  # noqa: DTZ001 - a wall time
    taken = noon + timedelta(hours=begins)
    schedule = Schedule(
        zone="Europe/Berlin",
        layers=(
            Layer.model_validate(
                {"people": ("ann", "ben"), "starts": date(2025, 1, 1), "turn": "day"}
                | {"from": f"{hours[0]:02}:00", "to": f"{hours[1]:02}:00", "days": WORKDAYS}
            ),
        ),
        overrides=(
            Override.model_validate(
                {"person": "cid", "from": taken, "to": taken + timedelta(hours=length)}
            ),
        ),
    )
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    shown = duty_days(shifts_between(schedule, start - DAY, start + 8 * DAY), zone, first, 6)
    for stretch in (one for day in shown for one in day.stretches):
        last = stretch.ends - timedelta(seconds=1)
        for at in (stretch.begins, last):
            asked = on_call_at(schedule, at)
            assert tuple(dict.fromkeys(one.person for one in asked)) == stretch.people
            assert all(one.ends > last for one in asked)
