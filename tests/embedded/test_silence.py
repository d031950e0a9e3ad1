"""What the demo takes for a fault where an owner went silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.promise_clock import PromiseState
from embedded.demo.silence import CHANNELS, Silence, next_minute

KEPT = Silence(
    owner="dana",
    promised=3,
    due=datetime(2026, 11, 29, 12, tzinfo=UTC),
    state=PromiseState.KEPT_BY_FALLBACK,
    asked=("dana", "maya, sam", "dana, ines, maya"),
    rang=("dana", "maya", "sam"),
    fallback=4,
    ours=CHANNELS,
    copies=dict.fromkeys(CHANNELS, 1),
    kept_by=5,
)


def test_a_promise_that_was_kept_without_its_owner_is_right() -> None:
    assert KEPT.wrong() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"promised": 0}, "no owner of a promise went silent"),
        ({"rang": ("maya", "sam")}, "dana was not reminded"),
        ({"asked": ("dana",)}, "nobody was asked in place of dana"),
        ({"state": PromiseState.BROKEN}, "what dana promised in message 3 is broken"),
        ({"ours": ("twitter",)}, "by the ledger, message 4 is on twitter"),
        ({"copies": {"twitter": 2, "website": 1}}, "message 4 is on twitter 2 times, and not once"),
        ({"copies": {"facebook": 0}}, "message 4 is on facebook 0 times"),
        ({"kept_by": 0}, "nobody kept what message 4 promised"),
    ],
)
def test_whatever_went_otherwise_is_said(changed: dict[str, object], said: str) -> None:
    [found] = KEPT.model_copy(update=changed).wrong()
    assert said in found


def test_the_promised_minute_leaves_time_for_every_step() -> None:
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)
    for second in range(60):
        now = noon + timedelta(seconds=second)
        due = next_minute(now)
        assert due.second == 0
        assert timedelta(seconds=30) <= due - now < timedelta(seconds=90)
