"""The playbook's part for whoever comes to help: what we do not say, and how to reach people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from domain.model import Written
from domain.plan_problems import PlanProblem
from domain.public_text import PublicLine

MOST = 20
"""Lines of what we do not say: nobody keeps more in mind."""


class BriefingPlan(Written):
    """What the briefing of an incident says beside what is known of it.

    ``contacts`` are ways to reach people, by the name or id of each. They are personal data: they
    stay in the files, and no history gets them.
    """

    do_not_say: tuple[PublicLine, ...] = Field(default=(), max_length=MOST)
    contacts: dict[PublicLine, PublicLine] = Field(default_factory=dict)


def briefing_problems(plan: BriefingPlan, said: Mapping[str, str]) -> Iterator[PlanProblem]:
    """Where the plan says itself what it says not to say; ``said`` are its texts, by their names.

    An incident can be opened all the same.
    """
    known: set[str] = set()
    for place, line in enumerate(plan.do_not_say):
        phrase = line.casefold().rstrip(".!")
        where = ("briefing", "do_not_say", place)
        if phrase in known:
            yield PlanProblem(where, "is there twice")
        known.add(phrase)
        for name, text in said.items():
            if phrase in " ".join(text.casefold().split()):
                yield PlanProblem(where, f"is said in {name}", "Change the text, or this line.")
