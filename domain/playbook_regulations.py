"""What is wrong with ``regulations`` in a playbook's file."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from domain.plan_problems import PlanProblem
from domain.playbook import Playbook
from domain.regulations.applying import WORDS
from domain.suggest import did_you_mean


def regulation_problems(playbook: Playbook) -> list[PlanProblem]:
    """Words that name no duty, a role that nobody has, and a zone that there is not.

    Looked at where the file is read, and not in the plan: what an open incident was opened with
    must stay readable.
    """
    plan = playbook.regulations
    problems = [
        PlanProblem(
            ("regulations",),
            f"names {word}, which is no duty that is known here",
            did_you_mean(word, WORDS) or f"There are {', '.join(WORDS)}.",
        )
        for word in plan.apply
        if word not in WORDS
    ]
    held = sorted({role for person in playbook.roster for role in person.roles})
    if plan.owner is not None and plan.owner not in held:
        detail = f"names {plan.owner}, which nobody in the roster is"
        problems.append(PlanProblem(("regulations",), detail, did_you_mean(plan.owner, held)))
    try:
        ZoneInfo(plan.zone)
    # An unknown zone is a KeyError, and a name such as "../UTC" a ValueError.
    except (ValueError, KeyError, OSError):
        step = "Write a name such as Europe/Berlin, or UTC."
        detail = f"names {plan.zone[:40]!r}, which is no time zone"
        problems.append(PlanProblem(("regulations",), detail, step))
    return problems


def without_owner(playbook: Playbook) -> list[PlanProblem]:
    """What would work, but reminds nobody."""
    if not playbook.regulations.apply or playbook.regulations.owner is not None:
        return []
    detail = "has no `owner`, so nobody is reminded before a deadline"
    step = "Write `apply:` and `owner:` below it, with the role that answers for them."
    return [PlanProblem(("regulations",), detail, step)]
