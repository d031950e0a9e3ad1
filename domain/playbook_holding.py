"""The playbook's part about holding statements: their words, their blanks, and who signs them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field

from domain.duration import Duration
from domain.errors import DomainError
from domain.gate import GatePolicy
from domain.gate_check import gate_problems
from domain.holding import BLANK, NEXT_UPDATE_BY, STILL_WORKING, Blank, BlankType, Statement
from domain.ids import ChannelName
from domain.message_kind import MessageKind
from domain.model import Written
from domain.plan_problems import PlanProblem
from domain.public_text import PublicText, is_blank
from domain.roster import Person, Role
from domain.suggest import did_you_mean

_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class StatementPlan(Written):
    """One statement as it is written. ``released_by`` are the roles that may publish it."""

    name: str = Field(pattern=_NAME)
    kind: Literal[MessageKind.ANNOUNCEMENT, MessageKind.PROGRESS_UPDATE]
    channels: tuple[ChannelName, ...] = Field(min_length=1)
    released_by: tuple[Role, ...] = Field(min_length=1)
    text: PublicText = ""
    blanks: dict[str, Blank] = Field(default_factory=dict)


class HoldingPlan(Written):
    """The statements that are approved in advance, who signs them, and for how long that holds."""

    gate: GatePolicy
    valid_for: Duration = timedelta(days=180)
    statements: tuple[StatementPlan, ...] = Field(min_length=1)

    def statement(self, name: str) -> StatementPlan:
        """The statement of that name; ``DomainError`` if there is none."""
        for one in self.statements:
            if one.name == name:
                return one
        names = [one.name for one in self.statements]
        raise DomainError(
            f"The playbook has no holding statement {name[:40]!r}.", did_you_mean(name, names)
        )

    def without_words(self) -> HoldingPlan:
        """The same as it travels with an incident: a history holds no words for the public."""
        bare = tuple(one.model_copy(update={"text": ""}) for one in self.statements)
        return self.model_copy(update={"statements": bare})


def holding_problems(plan: HoldingPlan, roster: Sequence[Person]) -> list[PlanProblem]:
    """What contradicts itself there, so that no incident can be opened with it."""
    return [*gate_problems(("holding", "gate"), plan.gate, roster), *_statements(plan, roster)]


def wording_problems(
    plan: HoldingPlan, components: Collection[str], kinds: Collection[MessageKind]
) -> Iterator[PlanProblem]:
    """What keeps them from being signed; an incident can be opened all the same.

    ``kinds`` are those of the messages that the playbook plans.
    """
    for place, one in enumerate(plan.statements):
        at = ("holding", "statements", place)
        if one.kind not in kinds:
            yield PlanProblem((*at, "kind"), f"is {one.kind}, which the playbook does not plan")
        if is_blank(one.text):
            yield PlanProblem((*at, "text"), "is empty", "Write what it says.")
        known = {*one.blanks, NEXT_UPDATE_BY}
        for name in BLANK.findall(one.text):
            if name not in known:
                step = did_you_mean(name, known, "{{ {} }}")
                yield PlanProblem((*at, "text"), f"has a blank {name[:40]!r} without a type", step)
            if one.name == STILL_WORKING and name != NEXT_UPDATE_BY:
                yield PlanProblem(
                    (*at, "text"),
                    f"goes out by itself, so nobody could fill the blank {name[:40]!r}",
                    "Leave it without blanks but next_update_by.",
                )
        for name, blank in one.blanks.items():
            if blank.type is BlankType.CHOICE and len(blank.options) < 2:
                yield PlanProblem((*at, "blanks", name), "is a choice, and offers none")
            if blank.type is BlankType.COMPONENT and not components:
                yield PlanProblem(
                    (*at, "blanks", name), "is a component, and the page has no components"
                )


def signed_statement(plan: StatementPlan, components: Sequence[str]) -> Statement:
    """A statement as it is put before its approvers: every list that a blank allows is in it."""
    blanks = {
        name: blank.model_copy(update={"options": tuple(components)})
        if blank.type is BlankType.COMPONENT
        else blank
        for name, blank in plan.blanks.items()
    }
    return Statement(
        name=plan.name, kind=plan.kind, channels=plan.channels, text=plan.text, blanks=blanks
    )


def _statements(plan: HoldingPlan, roster: Sequence[Person]) -> Iterator[PlanProblem]:
    held = {role for person in roster for role in person.roles}
    names = [one.name for one in plan.statements]
    for place, one in enumerate(plan.statements):
        at = ("holding", "statements", place)
        if one.name in names[:place]:
            yield PlanProblem((*at, "name"), f"is {one.name}, which another one has already")
        if not held & set(one.released_by):
            detail = f"names {one.released_by[0]}, which nobody in the roster is"
            step = did_you_mean(one.released_by[0], held)
            yield PlanProblem((*at, "released_by"), detail, step)
