"""The playbook's part about replies: which are saved, who may reply freely, who signs that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from pydantic import Field

from domain.gate_check import gate_problems
from domain.gate_policy import GatePolicy
from domain.ids import ChannelName
from domain.model import Written
from domain.plan_problems import PlanProblem
from domain.public_text import PublicLine, PublicText, is_blank
from domain.roster import Person, Role
from domain.saved_replies import AUTHOR, FreeCheck, blanks_in, forbidden_in
from domain.suggest import did_you_mean

FEWEST, MOST = 3, 5
"""Wordings of a saved reply: X refuses the same text twice, and nobody proofreads twenty."""

_LEFT_OPEN = re.compile(r"\{\{|\}\}|\{%|\{#|\{\s*author\s*\}|\[\[")


class SavedReplyPlan(Written):
    """One saved reply as it is written: ``title`` is the question in words.

    ``links`` lets its wordings have links on channels where each costs extra.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    title: PublicLine
    wordings: tuple[PublicText, ...]
    links: bool = False

    def facts(self) -> list[str]:
        """The names of the facts that its wordings show, sorted."""
        blanks = {blank for wording in self.wordings for blank in blanks_in(wording)}
        return sorted(one.removeprefix("facts.") for one in blanks if one.startswith("facts."))


class FreeReplyPlan(Written):
    """Who may reply in their own words, and how that is checked: see ``FreeReplies``."""

    roles: tuple[Role, ...] = Field(min_length=1)
    check: FreeCheck = FreeCheck.SECOND_PERSON
    sample: float = Field(default=0.1, gt=0, le=1)
    links: bool = False


class RepliesPlan(Written):
    """How people are answered in public: on which channels, by what, and who signs it.

    ``saved`` is empty in the plan that travels with an incident: a history holds no words that
    will be public.
    """

    gate: GatePolicy
    channels: tuple[ChannelName, ...] = Field(min_length=1)
    free: FreeReplyPlan | None = None
    risk_words: tuple[PublicLine, ...] = ()
    saved: tuple[SavedReplyPlan, ...] = ()


def reply_problems(plan: RepliesPlan, roster: Sequence[Person]) -> list[PlanProblem]:
    """What contradicts itself there, so that no incident can be opened with it."""
    return [
        *_channels(plan),
        *gate_problems(("replies", "gate"), plan.gate, roster),
        *_free(plan, roster),
    ]


def saved_problems(plan: RepliesPlan, facts: Collection[str]) -> list[PlanProblem]:
    """What is wrong with the saved replies; ``facts`` are the names that wordings may show.

    An incident can be opened all the same: on its day nothing may wait for a wording.
    """
    return list(_saved(plan, facts))


def _channels(plan: RepliesPlan) -> Iterator[PlanProblem]:
    if len(set(plan.channels)) != len(plan.channels):
        yield PlanProblem(("replies", "channels"), "names one channel twice")


def _free(plan: RepliesPlan, roster: Sequence[Person]) -> Iterator[PlanProblem]:
    if plan.free is None:
        return
    held = {role for person in roster for role in person.roles}
    unheld = [role for role in plan.free.roles if role not in held]
    for role in unheld:
        place = ("replies", "free", "roles", plan.free.roles.index(role))
        detail = f"names {role}, which nobody in the roster is"
        yield PlanProblem(place, detail, did_you_mean(role, held))
    writers = [one for one in roster if set(one.roles) & set(plan.free.roles)]
    if not unheld and len(writers) < 2 and plan.free.check is not FreeCheck.ROLE:
        detail = f"is {plan.free.check}, but only one in the roster may reply freely"
        step = "Add a role, so that there is a second person, or write `check: role`."
        yield PlanProblem(("replies", "free", "check"), detail, step)


def _saved(plan: RepliesPlan, facts: Collection[str]) -> Iterator[PlanProblem]:
    names = [one.name for one in plan.saved]
    for place, reply in enumerate(plan.saved):
        at = ("replies", "saved", place)
        if reply.name in names[:place]:
            yield PlanProblem((*at, "name"), f"is {reply.name}, which another one has already")
        count = len(reply.wordings)
        if not FEWEST <= count <= MOST:
            detail = f"has {count or 'no'} wording{'' if count == 1 else 's'}, not 3 to 5"
            step = "Say the same in other words: X refuses a text that it has seen lately."
            yield PlanProblem((*at, "wordings"), detail, step)
        said: list[str] = []
        for number, wording in enumerate(reply.wordings):
            where = (*at, "wordings", number)
            same = " ".join(wording.split()).casefold()
            if same in said:
                detail = f"says the same as number {said.index(same) + 1}"
                yield PlanProblem(where, detail, "Say it in other words.")
            said.append(same)
            yield from _wording(where, wording, facts)


def _wording(
    place: tuple[str | int, ...], wording: str, facts: Collection[str]
) -> Iterator[PlanProblem]:
    known = ["author", *(f"facts.{one}" for one in facts)]
    if is_blank(wording):
        yield PlanProblem(place, "is empty", "Write an answer, or take it out.")
    for blank in blanks_in(wording):
        if blank not in known:
            meant = did_you_mean(blank, known, "{{ {} }}")
            yield PlanProblem(
                place, f"has a blank that nobody fills: {{{{ {blank[:40]} }}}}", meant
            )
    bare = re.sub(r"\{\{[^{}]*\}\}", "", wording)
    odd = _LEFT_OPEN.search(bare)
    if odd is not None:
        step = f"A blank is {AUTHOR} or {{{{ facts.fix }}}}; there is nothing else in a wording."
        yield PlanProblem(place, f"has {odd[0]}, which begins no blank", step)
    why = forbidden_in(bare)
    if why is not None:
        yield PlanProblem(place, f"cannot be said in public. {why.rstrip('.')}", "Take it out.")
