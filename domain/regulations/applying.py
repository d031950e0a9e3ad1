"""Which regulations count for an incident: those of its plan, and those that its facts bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from domain.errors import DomainError
from domain.facts import Facts
from domain.model import Written
from domain.regulations.elsewhere import ELSEWHERE
from domain.regulations.europe import EUROPE
from domain.regulations.rule import Regulation, Step
from domain.roster import Role
from domain.suggest import did_you_mean

REGULATIONS: tuple[Regulation, ...] = (*EUROPE, *ELSEWHERE)

WORDS = tuple(dict.fromkeys(word for one in REGULATIONS for word in (one.law, one.id)))
"""What a playbook may write in ``regulations``: a law, or one duty of it."""

STEPS: Mapping[str, Step] = {step.id: step for one in REGULATIONS for step in one.steps}

RegulationWord = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class RegulationsPlan(Written):
    """Which duties count, who answers for them, and where days begin and end.

    In a file a list is short for ``apply``. Without ``owner`` nobody is reminded. ``zone`` is that
    of the authority in the European Union. The words are checked where the file is read: an
    incident that is open must not stand still because a later version has dropped one.
    """

    apply: tuple[RegulationWord, ...] = ()
    owner: Role | None = None
    zone: str = Field(default="UTC", max_length=60)

    @model_validator(mode="before")
    @classmethod
    def _from_a_list(cls, value: Any) -> Any:
        return {"apply": value} if isinstance(value, list | tuple) else value


def applying(chosen: Iterable[str], facts: Facts) -> list[Regulation]:
    """Those that the plan has chosen, and GDPR once personal data is known to be concerned."""
    words = set(chosen)
    if facts.data_kinds or facts.people_count:
        words.add("gdpr")
    return [one for one in REGULATIONS if one.law in words or one.id in words]


def step_named(name: str) -> Step:
    """The step with this id; ``DomainError`` if there is none."""
    found = STEPS.get(name)
    if found is None:
        hint = did_you_mean(name, STEPS, "{}")
        raise DomainError(
            f"{name[:40]!r} is nothing that could be due to an authority.",
            f"{hint} There are {', '.join(STEPS)}.".strip(),
        )
    return found


def regulation_named(name: str) -> Regulation:
    """The regulation with this id; ``DomainError`` if there is none."""
    for one in REGULATIONS:
        if one.id == name:
            return one
    raise DomainError(
        f"{name[:40]!r} is no regulation that is known here.",
        f"There are {', '.join(one.id for one in REGULATIONS)}.",
    )
