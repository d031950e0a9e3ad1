"""Whatever order time and messages come in, no promise passes without a step or an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import first_word_by, next_word_by, suggested_promise
from domain.message import MessageKind
from domain.playbook_promises import PromisesPlan
from domain.promise_clock import (
    UNDER_WAY_WAIT,
    Promise,
    PromiseState,
    Rung,
    open_promises,
    state_when_told,
)
from domain.scorecard import scorecard_of
from domain.severity import Severity

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
minutes = st.integers(min_value=0, max_value=60)
plans = st.builds(
    PromisesPlan,
    remind=minutes.map(lambda one: one * MINUTE),
    deputy=minutes.map(lambda one: one * MINUTE),
    grace=minutes.map(lambda one: one * MINUTE),
)


def made(ahead: int, plan: PromisesPlan) -> Promise:
    promise = Promise(number=1, owner="maya", made_at=NOON, due=NOON + ahead * MINUTE)
    promise.skip_passed(plan)
    return promise


@given(
    plan=plans,
    ahead=st.integers(min_value=1, max_value=600),
    jumps=st.lists(st.integers(min_value=0, max_value=400), max_size=12),
)
def test_however_time_jumps_the_last_step_is_reached_and_none_is_early(
    plan: PromisesPlan, ahead: int, jumps: list[int]
) -> None:
    """A worker that is down, or a clock that jumps, skips steps and never the end of them."""
    promise, now = made(ahead, plan), NOON
    for jump in [*jumps, 2_000]:
        now += jump * MINUTE
        while (rung := promise.due_rung(now, plan)) is not None:
            assert promise.at(rung, plan) <= now
            promise.climb(rung)
        following = promise.next_at(plan)
        # Either everything was done, or there is a time at which somebody looks again.
        assert following is None or following > now
    assert set(promise.climbed) == set(Rung)


@given(plan=plans, ahead=st.integers(min_value=1, max_value=600))
def test_the_fallback_is_never_skipped(plan: PromisesPlan, ahead: int) -> None:
    promise = made(ahead, plan)
    assert promise.due_rung(promise.due + plan.grace, plan) is Rung.FALLBACK
    assert Rung.FALLBACK not in promise.climbed


@given(
    told=st.lists(
        st.tuples(
            st.sampled_from(MessageKind), st.booleans(), st.booleans(), st.integers(-600, 600)
        ),
        max_size=8,
    )
)
def test_whatever_is_told_ends_a_promise_once_or_leaves_it_open(
    told: list[tuple[MessageKind, bool, bool, int]],
) -> None:
    promise, ended = made(60, PromisesPlan()), []
    for number, (kind, names, fallback, after) in enumerate(told, start=2):
        at = promise.due + after * MINUTE
        becomes = state_when_told(promise, kind, at if names else None, at, fallback=fallback)
        if becomes is not None:
            promise.end(becomes, at, number)
            ended.append(becomes)
    assert promise.state is (ended[0] if ended else PromiseState.OPEN)
    assert (promise in open_promises([promise])) is not bool(ended)
    score = scorecard_of([promise], None)
    assert score.promises == 1


def test_a_correction_moves_it_only_before_its_time_and_only_to_another() -> None:
    promise, kind = made(60, PromisesPlan()), MessageKind.CORRECTION
    later = promise.due + 30 * MINUTE

    def becomes(names: datetime | None, at: datetime) -> PromiseState | None:
        return state_when_told(promise, kind, names, at, fallback=False)

    assert becomes(later, promise.due) is PromiseState.MOVED
    assert becomes(later, promise.due + MINUTE) is None
    assert becomes(None, NOON) is None


def test_what_is_on_its_way_is_waited_for_and_not_for_ever() -> None:
    promise, plan = made(60, PromisesPlan()), PromisesPlan()
    promise.climb(Rung.EVERYBODY)
    promise.held_since = promise.due + plan.grace
    assert promise.next_at(plan) == promise.held_since + UNDER_WAY_WAIT


@pytest.mark.parametrize(
    ("severity", "first", "second", "early", "late"),
    [(1, 10, 5, 20, 60), (2, 30, 15, 30, 120), (3, 60, 30, 60, 1440)],
)
def test_the_cadence_goes_by_severity(
    severity: int, first: int, second: int, early: int, late: int
) -> None:
    how = Severity(severity)
    assert first_word_by(how, NOON) == NOON + first * MINUTE
    assert next_word_by(how, NOON, NOON, 1) == NOON + second * MINUTE
    assert next_word_by(how, NOON, NOON + 90 * MINUTE, 3) == NOON + (90 + early) * MINUTE
    assert next_word_by(how, NOON, NOON + 120 * MINUTE, 4) == NOON + (120 + late) * MINUTE
    assert suggested_promise(how, NOON + 2 * MINUTE, None, 0).minute % 5 == 0
