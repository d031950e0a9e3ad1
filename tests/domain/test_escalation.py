"""Ladders: which rung comes next, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.escalation import DEFAULT_LADDERS, Escalation, Ladder, Rung
from domain.notifications import NotificationState
from domain.severity import Severity

MINUTE = timedelta(minutes=1)
START = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
SHORT = Ladder(deputy=4 * MINUTE, release_preapproved=9 * MINUTE)


@pytest.mark.parametrize(
    ("rung", "following"),
    [
        (Rung.ASK, (Rung.DEPUTY, 4 * MINUTE)),
        # Another severity had these rungs, and the incident's was changed meanwhile.
        (Rung.REMIND, (Rung.DEPUTY, 4 * MINUTE)),
        (Rung.NEXT_ROLE, (Rung.RELEASE_PREAPPROVED, 5 * MINUTE)),
        (Rung.HOLD, None),
        (Rung.RELEASE_PREAPPROVED, None),
    ],
)
def test_the_next_rung(rung: Rung, following: tuple[Rung, timedelta] | None) -> None:
    assert SHORT.after(rung) == following


def test_the_worse_it_is_the_sooner_people_are_asked() -> None:
    for rung in ("remind", "deputy", "next_role", "hold"):
        times = [getattr(DEFAULT_LADDERS[one], rung) for one in Severity]
        assert times == sorted(set(times))


def test_after_an_outage_each_rung_gets_its_time() -> None:
    asking = Escalation(message=1, revision=1, since=START, ladder=SHORT)
    asking.asks(("ines",), START)
    asking.climbed((), START)
    late = START + 60 * MINUTE
    assert asking.due_at() == START + 4 * MINUTE
    asking.asks(("ravi",), late)
    asking.climbed((), late)
    assert (asking.upcoming(), asking.due_at()) == (Rung.RELEASE_PREAPPROVED, late + 5 * MINUTE)


def test_a_ladder_that_holds_owes_no_release() -> None:
    """A change of severity left it, and what the new ladder holds was let out."""
    asking = Escalation(message=1, revision=1, since=START, ladder=SHORT, owed_at=START)
    asking.follow(SHORT)
    assert asking.owed_at == START
    asking.follow(DEFAULT_LADDERS[Severity.MINOR])
    assert (asking.owed_at, asking.ladder) == (None, DEFAULT_LADDERS[Severity.MINOR])


def test_reminders_after_the_end_come_ever_later() -> None:
    asking = Escalation(message=1, revision=1, since=START, ladder=SHORT)
    for _ in range(3):
        asking.climbed((), START)
    pauses = []
    for _ in range(12):
        due = asking.due_at()
        assert due is not None
        pauses.append(due - START)
        asking.climbed((), START)
    assert pauses[:3] == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE]
    assert pauses[-1] == timedelta(days=1)


def test_an_answer_that_is_faster_than_the_asking_counts() -> None:
    asking = Escalation(message=1, revision=1, since=START, ladder=SHORT)
    asking.asks(("ines", "noor"), START)
    assert asking.heard("ines", NotificationState.ACKNOWLEDGED)
    asking.climbed(("ines", "noor"), START)
    assert not asking.may_be_asked("ines")
    assert not asking.nobody_left()
