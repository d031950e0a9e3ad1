"""What the benchmark of open promises calls lost or doubled; no time is looked at."""

from __future__ import annotations

from benchmarks.open_promises import Found

FOUND = Found(
    promises=3,
    opened_in=1.0,
    entered=(0.1, 0.2, 0.3),
    handed=(2.1, 2.2, 2.3),
    rings=(1, 1, 1),
    recorded=(1, 1, 1),
    attempts=3,
    peak=None,
    worker=1.0,
    temporal=1.0,
    lasted=10.0,
)


def test_each_promise_once_is_right() -> None:
    assert FOUND.wrong() == []


def test_what_is_lost_or_doubled_is_counted_where_it_is() -> None:
    other = FOUND.model_copy(update={"rings": (2, 1), "entered": (0.1, 0.2), "attempts": 4})
    assert other.wrong() == [
        "entered: 1 lost, 0 too many",
        "heard by a phone: 1 lost, 1 too many",
        "4 attempts at 3 notifications",
    ]
