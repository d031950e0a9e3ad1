"""When an endpoint is tried again, and when an item is given up."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.outbox import (
    FEWEST_TRIES,
    LONGEST_BELIEVED,
    TRIED_FOR,
    AttemptEnd,
    Ended,
    gives_up,
    in_words,
    wait_after,
)

DOWN = Ended(end=AttemptEnd.UNREACHABLE)
NEVER_LATER, ALWAYS_LATER = 0.0, 1.0


def moments(chance: float) -> list[timedelta]:
    """When an item is tried that always fails, from the first attempt to the last."""
    at, tries, found = timedelta(), 1, [timedelta()]
    while not gives_up(tries, at):
        at += wait_after(tries, DOWN, chance)
        tries += 1
        found.append(at)
    return found


def test_after_an_outage_of_an_hour_an_endpoint_hears_within_a_quarter_of_an_hour() -> None:
    for chance in (NEVER_LATER, ALWAYS_LATER):
        back = timedelta(hours=1)
        heard = next(at for at in moments(chance) if at >= back)
        assert heard - back <= timedelta(minutes=12)


def test_an_item_is_tried_for_a_day_and_not_much_longer() -> None:
    for chance in (NEVER_LATER, ALWAYS_LATER):
        last = moments(chance)[-1]
        assert TRIED_FOR <= last < TRIED_FOR + timedelta(hours=1.5)
        assert len(moments(chance)) < 60


def test_an_item_that_waited_for_others_is_tried_some_times_all_the_same() -> None:
    assert not gives_up(FEWEST_TRIES - 1, timedelta(days=9))
    assert gives_up(FEWEST_TRIES, timedelta(days=9))


@given(
    tries=st.integers(1, 200),
    asked=st.floats(allow_nan=False, allow_infinity=False, min_value=0, max_value=1e12) | st.none(),
    chance=st.floats(0, 1),
)
def test_what_an_endpoint_asks_for_is_kept_to_within_limits(
    tries: int, asked: float | None, chance: float
) -> None:
    own = wait_after(tries, DOWN, chance)
    wait = wait_after(tries, DOWN.model_copy(update={"retry_after": asked}), chance)

    assert own <= wait <= max(own, LONGEST_BELIEVED)
    if asked is not None and asked <= LONGEST_BELIEVED.total_seconds():
        assert wait.total_seconds() >= asked - 0.001


def test_only_a_2xx_is_an_acceptance() -> None:
    for status in (199, 300, 302, 304, 400, 404, 410, 429, 500):
        assert not Ended(end=AttemptEnd.ANSWERED, status=status).accepted
    assert Ended(end=AttemptEnd.ANSWERED, status=202).accepted
    assert not DOWN.accepted


def test_every_end_of_an_attempt_has_words() -> None:
    for end in AttemptEnd:
        assert in_words(end, 302).endswith(".")
