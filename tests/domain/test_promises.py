"""What may be promised, and until when copy that promises it is still true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.promises import LONGEST, NEW_PROMISE, overdue, refuse_promise, whole_minute

NOW = datetime(2026, 11, 27, 4, 6, 30, tzinfo=UTC)
STEP = NextStep(action=Action.REVISE, incident="site-down", message=1)


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(hours=30), LONGEST])
def test_a_time_that_people_can_wait_for_may_be_promised(ahead: timedelta) -> None:
    refuse_promise(NOW + ahead, NOW)


@pytest.mark.parametrize("ahead", [timedelta(0), -LONGEST, LONGEST + timedelta(seconds=1)])
def test_any_other_is_refused_with_a_way_out(ahead: timedelta) -> None:
    with pytest.raises(DomainError) as refused:
        refuse_promise(NOW + ahead, NOW)
    assert "45m" in refused.value.next_step


def test_no_promise_is_no_problem() -> None:
    refuse_promise(None, NOW)
    assert overdue(None, NOW, STEP) is None


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (timedelta(minutes=2), None),
        (timedelta(seconds=61), None),
        (timedelta(seconds=60), "is less than a minute away"),
        (timedelta(seconds=1), "is less than a minute away"),
        (timedelta(0), "has passed"),
        (timedelta(minutes=-9), "has passed"),
    ],
)
def test_copy_is_signed_only_while_its_promise_can_be_read_in_time(
    ahead: timedelta, says: str | None
) -> None:
    late = overdue(NOW + ahead, NOW, STEP)
    assert (late is None) == (says is None)
    if late is not None:
        assert (says or "") in late.what
        assert (late.next_step.action, late.next_step.about) == (Action.REVISE, NEW_PROMISE)


def test_a_promise_is_the_minute_that_people_read() -> None:
    assert whole_minute(NOW) == NOW.replace(second=0)
