"""The briefing's part of a playbook: what contradicts the plan's own words is a mistake."""

from __future__ import annotations

from domain.playbook_briefing import BriefingPlan, briefing_problems


def test_what_we_do_not_say_is_said_nowhere() -> None:
    plan = BriefingPlan(do_not_say=("Your data is safe.", "your data is safe", "a hacker did it"))
    said = {"announcement.twitter.j2": "Relax: your data\n  is SAFE!", "resolution.j2": "Sorry."}
    found = [(one.place[-1], one.detail) for one in briefing_problems(plan, said)]
    assert found == [
        (0, "is said in announcement.twitter.j2"),
        (1, "is there twice"),
        (1, "is said in announcement.twitter.j2"),
    ]
