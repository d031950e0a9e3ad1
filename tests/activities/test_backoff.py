"""Waiting before the next attempt: the provider's time if it is of use, and longer each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from activities.backoff import wait_for
from channels.contract import Throttled, Unreachable

NOW = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)


def throttled(ahead: timedelta) -> Throttled:
    return Throttled("square: wait.", until=NOW + ahead)


@pytest.mark.parametrize("ahead", [timedelta(minutes=15), timedelta(hours=12)])
@pytest.mark.parametrize("attempt", [1, 5])
def test_a_time_of_the_providers_is_kept_to(ahead: timedelta, attempt: int) -> None:
    assert wait_for(throttled(ahead), attempt, NOW) == ahead


@pytest.mark.parametrize(
    "ahead",
    [timedelta(hours=-1), timedelta(), timedelta(milliseconds=1), timedelta(days=400)],
    ids=["has passed", "is now", "is about now", "is absurd"],
)
def test_a_useless_time_is_answered_with_waits_that_grow(ahead: timedelta) -> None:
    waits = [wait_for(throttled(ahead), attempt, NOW) for attempt in range(1, 13)]
    assert waits[0] == timedelta(seconds=1)
    assert waits == sorted(waits)
    assert all(later == 2 * before for before, later in pairwise(waits[:10]))
    assert waits[-1] == timedelta(minutes=15)


def test_a_platform_that_is_down_is_asked_less_and_less_often() -> None:
    waits = [wait_for(Unreachable("square: down."), attempt, NOW) for attempt in (1, 2, 3, 40)]
    assert waits == [timedelta(seconds=one) for one in (0.5, 1, 2, 60)]
