"""Facts: what is known about the incident so far, filled in as it is learnt.

A template names them as ``{{ facts.fix }}``. What is not known yet is left empty, so that copy may
say less but never guesses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.errors import DomainError
from domain.fact_values import Count, Moment, YesNo, spell_moment
from domain.model import Value, Written
from domain.public_text import publishable
from domain.times import show_day

FACT_LIMIT = 4_000
"""The most characters that one fact may have."""

FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
FactText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=FACT_LIMIT),
    AfterValidator(publishable),
]

REQUIRED_TO_RESOLVE = ("fix", "prevention", "prevention_owner", "prevention_due")
"""A resolution needs a prevention, and somebody who owns it."""

REQUIRED_FOR_PEOPLE = (
    ("nature", ("what_happened",)),
    ("contact", ("contact_point",)),
    ("consequences", ("consequences",)),
    ("measures", ("doing", "fix")),
)
"""What people concerned must be told of a breach, and the facts of which one says it."""


class Facts(Written):
    """What is known so far. Each text is a sentence or more, written for the public.

    ``PRIVATE_FACTS`` are not: no copy can name them. ``summary`` is for places with little room,
    so it should stay under some 90 characters. ``prevention_owner`` is a role or a name that the
    company is willing to publish.
    """

    summary: FactText = Field("", description="what happened, in one short clause")
    what_happened: FactText = Field("", description="what happened, as we would tell a friend")
    started: FactText = Field("", description="since when, such as 'about 13:10 UTC today'")
    scope: FactText = Field("", description="who and what is affected")
    not_affected: FactText = Field("", description="what we have checked and found untouched")
    cause: FactText = Field("", description="why it happened, once we know")
    doing: FactText = Field("", description="what we are doing about it now")
    action_for_customers: FactText = Field("", description="what customers should do now")
    fix: FactText = Field("", description="what ended it")
    prevention: FactText = Field("", description="what makes sure that it cannot happen again")
    prevention_owner: FactText = Field("", description="who answers for the prevention")
    prevention_due: date | None = Field(None, description="by when the prevention is in place")
    wrong: FactText = Field("", description="what we said that was not right")
    right: FactText = Field("", description="what is right instead")
    data_kinds: FactText = Field("", description="which kinds of personal data are concerned")
    people_count: Count = Field(None, description="how many people are concerned, about")
    consequences: FactText = Field("", description="what it may mean for the people concerned")
    contact_point: FactText = Field("", description="where they can ask, such as the data officer")
    aware_at: Moment = Field(None, description="when we became aware of it, with the zone")
    contained_at: Moment = Field(None, description="when it was contained, with the zone")
    classified_at: Moment = Field(
        None, description="when it was classified as major (DORA), with the zone"
    )
    material_at: Moment = Field(
        None, description="when it was determined to be material (SEC), with the zone"
    )
    fix_available_at: Moment = Field(
        None, description="when a corrective measure was available (CRA), with the zone"
    )
    malicious: YesNo = Field(None, description="whether an attack is suspected: yes or no")
    cross_border: YesNo = Field(None, description="whether other countries are concerned: yes, no")
    third_party: YesNo = Field(None, description="whether it began at a supplier: yes or no")

    def filled(self) -> dict[str, str]:
        """What copy may say, by name, as it will be read: days as ``14 November 2026``.

        Nothing of ``PRIVATE_FACTS``.
        """
        return {name: text for name, text in self.known().items() if name not in PRIVATE_FACTS}

    def known(self) -> dict[str, str]:
        """All that is known, by name, in words."""
        shown = {name: _in_words(getattr(self, name)) for name in type(self).model_fields}
        return {name: text for name, text in shown.items() if text}


def _in_words(value: object) -> str:
    if isinstance(value, datetime):
        return spell_moment(value)
    if isinstance(value, date):
        return show_day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value or "")


PRIVATE_FACTS = (
    "aware_at",
    "contained_at",
    "classified_at",
    "material_at",
    "fix_available_at",
    "malicious",
    "cross_border",
    "third_party",
)
"""What is for authorities: deadlines count from it, and no template can name it."""

COPY_FACTS = tuple(name for name in Facts.model_fields if name not in PRIVATE_FACTS)
"""What templates can name."""

TIME_FACTS = tuple(name for name in PRIVATE_FACTS if name.endswith("_at"))
"""Those that are moments; deadlines count from them."""

DEADLINE_FACTS = (*PRIVATE_FACTS, "data_kinds", "people_count")
"""Those on which it depends what is due to authorities, and when."""


_CHANGES_KEPT = 20
"""Enough to name what changed while somebody was typing."""


class FactsChange(Value):
    """One recording of facts: the draft with all facts from then on, by whom, and which changed."""

    draft: str
    person: str
    changed: tuple[str, ...]


class FactsState(Value):
    """What an incident remembers of its facts: never their words.

    ``current`` is the draft that has them, None before the first; ``filled`` names those known.
    """

    current: str | None = None
    filled: tuple[str, ...] = ()
    changes: tuple[FactsChange, ...] = ()

    def recorded(self, change: FactsChange, filled: Iterable[str]) -> FactsState:
        """The state after ``change``."""
        return FactsState(
            current=change.draft,
            filled=tuple(filled),
            changes=(*self.changes, change)[-_CHANGES_KEPT:],
        )

    def refuse_stale(self, based_on: str | None) -> None:
        """Raise ``DomainError`` if somebody has changed the facts since the draft ``based_on``."""
        if based_on == self.current:
            return
        known = [place for place, one in enumerate(self.changes) if one.draft == based_on]
        since = self.changes[known[-1] + 1 :] if known else self.changes
        told = [one for one in since if one.changed]
        theirs = "; ".join(f"{one.person} changed {', '.join(one.changed)}" for one in told)
        raise DomainError(
            f"The facts have changed since you read them: {theirs}. Nothing of yours was recorded.",
            "Read what is known now, then record yours again.",
        )


def missing_facts(names: Iterable[str]) -> list[str]:
    """Those of ``REQUIRED_TO_RESOLVE`` that are not among ``names``, the facts that are filled."""
    filled = set(names)
    return [name for name in REQUIRED_TO_RESOLVE if name not in filled]


def missing_for_people(names: Iterable[str]) -> list[str]:
    """What people concerned could not be told yet; ``names`` are the facts that are filled.

    Each in words, with the facts that would say it.
    """
    filled = set(names)
    return [
        f"{what} ({' or '.join(facts)})"
        for what, facts in REQUIRED_FOR_PEOPLE
        if not filled.intersection(facts)
    ]
