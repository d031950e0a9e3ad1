"""Coverage: what has an end, in words, and what keeps an incident from being closed."""

from __future__ import annotations

import pytest

from domain.coverage import Coverage
from domain.errors import DomainError


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (Coverage(), "0 of 0 answered or dismissed"),
        (Coverage(answered=3, dismissed=2), "5 of 5 answered or dismissed"),
        (Coverage(open=4472, answered=1004, dismissed=200), "1,204 of 5,676 answered or dismissed"),
    ],
)
def test_coverage_is_told_in_words(coverage: Coverage, words: str) -> None:
    assert coverage.in_words.startswith(words)
    assert coverage.in_words.endswith(f", {coverage.open:,} open") is bool(coverage.open)


@pytest.mark.parametrize(("left", "said"), [(1, "1 mention of this"), (4472, "4,472 mentions of")])
def test_what_is_open_keeps_an_incident_from_being_closed(left: int, said: str) -> None:
    with pytest.raises(DomainError, match=said):
        Coverage(open=left, answered=1).refuse_close("leak", " ")
    Coverage(open=left).refuse_close("leak", "they are answered on the platform")
    Coverage(answered=5).refuse_close("leak", "")


def test_percents_are_rounded_down() -> None:
    assert Coverage(open=1, answered=5675).percent == "99 %"
    assert Coverage(answered=1, dismissed=1).percent == Coverage().percent == "100 %"
