"""Whether somebody may do something here, and whom they can ask if not.

What a person may do is in ``people.yaml``, which is read again whenever it has changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from client.errors import NotAllowed
from domain.abilities import Ability
from domain.explanation import Explanation, explained
from domain.people import PEOPLE_FILE, Member

_NAMED = 5
"""So many names are enough to ask somebody."""


def why_not(person: Member, ability: Ability, everybody: Sequence[Member]) -> Explanation | None:
    """Why ``person`` may not, and who of ``everybody`` may; None if they may."""
    if ability in person.abilities:
        return None
    able = [one.shown for one in everybody if ability in one.abilities]
    return explained(
        f"You may not {ability.in_words} here.",
        f"Ask {_or(able)}." if able else _nobody(ability),
        means=f"{PEOPLE_FILE} says what each person may do. Nothing was done.",
    )


def refuse_unable(person: Member, ability: Ability, everybody: Sequence[Member]) -> None:
    """Raise ``NotAllowed`` if ``person`` may not."""
    explanation = why_not(person, ability, everybody)
    if explanation is not None:
        raise NotAllowed(explanation)


def _or(names: Sequence[str]) -> str:
    named = list(names[:_NAMED])
    return " or ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _nobody(ability: Ability) -> str:
    return (
        f"Nobody may. Whoever keeps {PEOPLE_FILE} can add {ability.value} to somebody's `may`; it "
        "counts at once."
    )
