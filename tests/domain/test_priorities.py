"""Rules of priority: what each finds, and what a playbook may not say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from domain.mentions import Author, Mention
from domain.priorities import MentionPriority, MentionsPlan, PriorityRules

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PLAN = {
    "priority": [
        {"name": "Money", "words": ["refund*", "my money", "Geld"]},
        {"name": "Known to many", "followers": 10_000},
        {"name": "Harm", "level": "urgent", "words": ["self-harm", "lawyer", "\u8fd4\u91d1"]},
        {"name": "Press", "level": "urgent", "authors": ["@Gazette", "4711"]},
    ]
}
RULES = PriorityRules(rules=MentionsPlan.model_validate(PLAN).priority)


@pytest.mark.parametrize(
    ("text", "author", "found"),
    [
        ("where is my REFUND", {}, "Money"),
        ("you refunded nobody", {}, "Money"),
        ("my  money!", {}, "Money"),
        ("my moneybag", {}, ""),
        ("thinking of self harm", {}, "Harm"),
        ("refund or my lawyer calls", {}, "Harm"),
        ("lawyers", {}, ""),
        ("\u65e9\u304f\u8fd4\u91d1\u3057\u3066", {}, "Harm"),
        ("hello", {"handle": "gazette"}, "Press"),
        ("hello", {"id": "4711"}, "Press"),
        ("hello", {"followers": 10_000}, "Known to many"),
        ("hello", {"followers": 9_999}, ""),
        ("", {}, ""),
    ],
)
def test_the_highest_rule_that_finds_something_counts(
    text: str, author: dict[str, object], found: str
) -> None:
    mention = Mention(
        channel="twitter",
        id="1",
        text=text,
        author=Author.model_validate(author),
        written_at=NOON,
        changed_at=NOON,
    )
    priority, rule = RULES.judge(mention)
    assert rule == found
    urgent = found in ("Harm", "Press")
    assert priority.rank == (0 if urgent else 1 if found else 2)
    assert MentionPriority.ranked(priority.rank) is priority


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"name": "Nothing"}, "finds nothing"),
        ({"name": "Empty", "words": ["?!"]}, "no word"),
        ({"name": "", "words": ["a"]}, "at least 1"),
        ({"name": "None", "level": "none", "words": ["a"]}, "high"),
        ({"name": "Zero", "followers": 0}, "greater"),
    ],
)
def test_a_rule_that_finds_nothing_is_a_mistake(rule: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        MentionsPlan.model_validate({"priority": [rule]})
