"""What a regulation is, as data: what is due to whom, counted from what, by which text."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.model import Value


class Unit(StrEnum):
    """How a period is counted; ``domain.regulations.periods`` says what each means."""

    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    US_BUSINESS_DAYS = "us_business_days"


class Period(Value):
    """So many of a unit."""

    length: int
    unit: Unit


class Clock(Value):
    """Counts from ``starts``: a fact that is a moment, or a step of which somebody was notified.

    Without a period it only says "without undue delay". Of several clocks the one that ends first
    counts. One with ``unless_after`` does not count if that fact came after its end.
    """

    starts: str
    period: Period | None = None
    unless_after: str = ""


class Step(Value):
    """One thing that is due: ``id`` is what people type, such as ``nis2_warning``.

    ``rule`` is the rule in one sentence. ``verified``: it was compared with the regulation's own
    wording on the day of ``Regulation.as_of``; otherwise only with what others say of it.
    """

    id: str
    title: str
    rule: str
    clocks: tuple[Clock, ...]
    verified: bool
    reasons_if_late: bool = False


class Question(Value):
    """Something that the authority asks for, and the facts that answer it."""

    asks: str
    facts: tuple[str, ...] = ()


class Regulation(Value):
    """One duty to tell somebody. ``law`` is the word for a playbook; several may belong to one.

    ``zone`` is where its days begin and end; None: in the zone that the playbook names.
    """

    id: str
    law: str
    title: str
    told: str
    as_of: date
    source: str
    url: str
    steps: tuple[Step, ...]
    questions: tuple[Question, ...]
    zone: str | None = None
    note: str = ""

    @property
    def verified(self) -> bool:
        """Whether every step was compared with the regulation's own wording."""
        return all(one.verified for one in self.steps)


def hours(starts: str, length: int, unless_after: str = "") -> Clock:
    """A clock of so many hours."""
    period = Period(length=length, unit=Unit.HOURS)
    return Clock(starts=starts, period=period, unless_after=unless_after)


def days(starts: str, length: int) -> Clock:
    """A clock of so many days."""
    return Clock(starts=starts, period=Period(length=length, unit=Unit.DAYS))


def one_month(starts: str) -> Clock:
    """A clock of one month."""
    return Clock(starts=starts, period=Period(length=1, unit=Unit.MONTHS))
