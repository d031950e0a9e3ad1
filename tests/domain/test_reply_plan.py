"""How long answering takes at an account's limits, what it costs, and when it never ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.replies import AccountLimit, ReplyTerms
from domain.reply_plan import ChannelPlan, Ends, LimitUse, plan_channel
from domain.reply_plan_words import plan_sentences

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
TERMS = ReplyTerms(
    checked_on=date(2026, 11, 1),
    limits=(AccountLimit(count=100, window=QUARTER), AccountLimit(count=10_000, window=DAY)),
    price=Decimal("0.01"),
    price_with_link=Decimal("0.20"),
    higher_plan="Enterprise has limits of its own.",
)


def planned(
    unanswered: int,
    arriving: int = 0,
    used: tuple[int, ...] = (0, 0),
    terms: ReplyTerms | None = TERMS,
) -> ChannelPlan:
    return plan_channel(
        "twitter", terms, unanswered=unanswered, arriving_an_hour=arriving, used=used, at=NOON
    )


@pytest.mark.parametrize(
    ("unanswered", "used", "minutes"),
    [
        (95, (0, 0), 0),
        (114, (0, 0), 3),
        (190, (0, 0), 15),
        (190, (95, 95), 30),
        # The reserve is not ours to use up either.
        (95, (100, 100), 15),
    ],
)
def test_time_is_by_the_limit_without_its_reserve(
    unanswered: int, used: tuple[int, ...], minutes: float
) -> None:
    plan = planned(unanswered, used=used)
    assert plan.takes == timedelta(minutes=minutes)
    assert plan.done_at == NOON + timedelta(minutes=minutes)


def test_the_slowest_limit_decides() -> None:
    plan = planned(500, used=(0, 9_000))
    assert plan.takes is not None
    assert plan.takes > timedelta(hours=1)


def test_arrivals_make_it_longer_or_endless() -> None:
    alone, busy, flooded = planned(1_204), planned(1_204, 180), planned(1_204, 400)
    assert alone.done_at is not None
    assert busy.done_at is not None
    assert busy.done_at > alone.done_at
    assert (flooded.ends, flooded.done_at, flooded.takes) == (Ends.NEVER, None, alone.takes)
    said = " ".join(plan_sentences(flooded, NOON))
    assert "never done at this rate of arrival: 400 an hour arrive" in said
    assert "Enterprise has limits of its own." in said


def test_it_is_said_in_a_sentence_with_its_price_and_the_day_it_was_checked() -> None:
    first, *rest = plan_sentences(planned(1_204, 60), NOON)
    assert first.startswith("1,204 open: 2 h 56 min at this account's limit, 12.04 USD; ")
    assert "at this rate of arrival (60 an hour arrive) done by 15:" in first
    assert "240.80 USD" in " ".join(rest)
    assert "2026-11-01" in rest[-1]
    assert "5 kept for announcements" in rest[0]


def test_without_terms_or_limits_it_says_so() -> None:
    unknown, free = (
        planned(3, terms=None),
        planned(3, used=(), terms=ReplyTerms(checked_on=NOON.date())),
    )
    assert (unknown.ends, free.ends) == (Ends.UNKNOWN, Ends.UNLIMITED)
    assert "answer on the platform" in plan_sentences(unknown, NOON)[0]
    assert "no limit is published" in plan_sentences(free, NOON)[0]


@pytest.mark.parametrize(("count", "reserve"), [(1, 0), (5, 1), (20, 1), (100, 5), (300, 15)])
def test_one_in_twenty_is_kept_for_announcements(count: int, reserve: int) -> None:
    use = LimitUse(limit=AccountLimit(count=count, window=QUARTER))
    assert (use.reserve, use.for_replies) == (reserve, count - reserve)
