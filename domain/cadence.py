"""Cadence: how soon people expect the first word, and how often another, by severity."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.severity import Severity


def _minutes(one: int, two: int, three: int) -> dict[Severity, timedelta]:
    return dict(zip(Severity, (timedelta(minutes=each) for each in (one, two, three)), strict=True))


FIRST_WORD = _minutes(10, 30, 60)
"""From the opening of the incident to the first word."""

SCOPE = _minutes(5, 15, 30)
"""From the first word to the second, which says who and what is affected."""

EARLY = _minutes(20, 30, 60)
"""From each word to the next, in the first ``EARLY_FOR`` after the first word."""

LATER = _minutes(60, 120, 24 * 60)
"""The same after that."""

EARLY_FOR = timedelta(hours=2)


def first_word_by(severity: Severity, opened_at: datetime) -> datetime:
    """By when the first word should be out."""
    return opened_at + FIRST_WORD[severity]


def next_word_by(severity: Severity, first: datetime, last: datetime, words: int) -> datetime:
    """By when another word should follow.

    ``first`` and ``last`` are when the first and the latest of ``words`` words were out.
    """
    if words <= 1:
        return first + SCOPE[severity]
    early = last - first < EARLY_FOR
    return last + (EARLY if early else LATER)[severity]


def suggested_promise(
    severity: Severity, now: datetime, first: datetime | None, words: int
) -> datetime:
    """What a message that goes out about ``now`` should promise as the time of the next.

    Rounded up to five minutes, since people read a clock.
    """
    exact = next_word_by(severity, first or now, now, words + 1)
    whole = exact.replace(minute=exact.minute - exact.minute % 5, second=0, microsecond=0)
    return whole if whole == exact else whole + timedelta(minutes=5)
