"""Shifts: who answers at which hour, across midnight, and what is left to nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.desk_shifts import DeskPlan, desk_problems, unassigned_hours
from domain.roster import Person

PLAN = DeskPlan.model_validate(
    {
        "accounts": {
            "twitter": [
                {"people": ["sam"], "from": "08:00", "to": "20:00"},
                {"people": ["dana", "sam"], "from": "19:30", "to": "08:00"},
            ],
            "facebook": [{"people": ["sam"], "from": "22:00", "to": "06:00"}],
        }
    }
)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 28, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "now", "people", "until"),
    [
        ("twitter", at(8), ("sam",), at(20)),
        ("twitter", at(19, 45), ("sam", "dana"), at(20)),
        ("twitter", at(23), ("dana", "sam"), at(8).replace(day=29)),
        ("facebook", at(5, 59), ("sam",), at(6)),
        ("facebook", at(6), (), None),
        ("mastodon", at(12), (), None),
    ],
)
def test_who_is_on_duty(
    channel: str, now: datetime, people: tuple[str, ...], until: datetime | None
) -> None:
    duty = PLAN.on_duty(channel, now)
    assert duty is not None
    assert (duty.people, duty.until) == (people, until)


def test_a_plan_without_accounts_assigns_nobody_and_blames_nobody() -> None:
    assert DeskPlan().on_duty("twitter", at(8)) is None
    everyone = DeskPlan.model_validate({"accounts": {"twitter": [{"people": ["sam"]}]}})
    duty = everyone.on_duty("twitter", at(8))
    assert duty is not None
    assert (duty.people, duty.until) == (("sam",), None)
    # As it travels with an incident.
    assert DeskPlan.model_validate_json(PLAN.model_dump_json()) == PLAN


def test_strangers_and_hours_left_to_nobody_are_told() -> None:
    roster = [Person(id="sam", roles=("support",))]
    (stranger,) = desk_problems(PLAN, roster)
    assert stranger.detail == "names dana, who is not in the roster"
    (gap,) = unassigned_hours(PLAN)
    assert gap.detail == "leaves facebook to nobody at 06:00 UTC"
