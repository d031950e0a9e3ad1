"""Deadlines to authorities: counted from facts, never kept, so a corrected fact moves them.

Private: nothing of them is on the public page, in the public record or in a webhook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from domain.facts import Facts
from domain.model import Value
from domain.regulations.applying import REGULATIONS, RegulationsPlan, applying
from domain.regulations.periods import end_of, zone_named
from domain.regulations.rule import Clock, Regulation, Step
from domain.roster import PersonId
from domain.times import UtcTime

NOT_LEGAL_ADVICE = "Not legal advice: ask your lawyer which duties are yours."

RUNGS = (50, 80, 100)
"""The shares of a period, in percent, at which its owner is reminded."""

NEAR = 80
"""From this share of the period on a deadline is near."""


class DeadlineState(StrEnum):
    """How one deadline stands."""

    NOT_STARTED = "not_started"
    OPEN = "open"
    NEAR = "near"
    LATE = "late"
    DONE = "done"
    DONE_LATE = "done_late"

    @property
    def ended(self) -> bool:
        """Whether somebody was notified."""
        return self in (DeadlineState.DONE, DeadlineState.DONE_LATE)


class AuthorityNotified(Value):
    """Somebody notified the authority, and said so here; ``reason`` is why it was late."""

    step: str
    at: UtcTime
    by: PersonId
    reason: str = ""
    recorded_at: UtcTime


class Deadline(Value):
    """One step of one regulation, as it stands.

    ``starts_from`` is the fact or step that it counts from, and ``missing`` those that are not
    known yet. ``due`` is None before it counts, and where the rule has no number. ``zone`` is where
    its days begin and end. ``reason_missing``: it was late, and the rule asks why.
    """

    regulation: str
    step: str
    title: str
    rule: str
    told: str
    state: DeadlineState
    zone: str
    starts_from: str = ""
    started_at: datetime | None = None
    due: datetime | None = None
    missing: tuple[str, ...] = ()
    notified: AuthorityNotified | None = None
    reason_missing: bool = False

    def rungs(self) -> list[tuple[int, datetime]]:
        """The shares in percent and when each is reached; none without a time."""
        if self.started_at is None or self.due is None:
            return []
        span = self.due - self.started_at
        return [(share, self.started_at + span * share / 100) for share in RUNGS]


class _Started(NamedTuple):
    clock: Clock
    at: datetime
    due: datetime | None


def deadlines(
    plan: RegulationsPlan, facts: Facts, notified: Iterable[AuthorityNotified], now: datetime
) -> list[Deadline]:
    """Everything that is due, in the order of the regulations and of their steps.

    Of what was recorded about one step the last counts.
    """
    done = {one.step: one for one in sorted(notified, key=lambda one: one.recorded_at)}
    moments = _moments(facts, done)
    # Whoever was notified had a reason to be, whatever the plan says.
    words = {one.id for one in REGULATIONS if any(step.id in done for step in one.steps)}
    return [
        _deadline(regulation, step, plan.zone, moments, done.get(step.id), now)
        for regulation in applying(words.union(plan.apply), facts)
        for step in regulation.steps
    ]


def _moments(facts: Facts, done: Mapping[str, AuthorityNotified]) -> dict[str, datetime]:
    known = {name: getattr(facts, name) for name in type(facts).model_fields}
    found = {name: value for name, value in known.items() if isinstance(value, datetime)}
    return found | {name: one.at for name, one in done.items()}


def _deadline(
    regulation: Regulation,
    step: Step,
    zone: str,
    moments: Mapping[str, datetime],
    done: AuthorityNotified | None,
    now: datetime,
) -> Deadline:
    where = zone_named(regulation.zone or zone)
    started = _first_to_end(
        [
            _Started(one, at, end_of(one.period, at, where) if one.period else None)
            for one in step.clocks
            if (at := moments.get(one.starts)) is not None
        ],
        moments,
    )
    state = _state(started, done, now)
    return Deadline(
        regulation=regulation.id,
        step=step.id,
        title=f"{regulation.title}: {step.title}",
        rule=step.rule,
        told=regulation.told,
        state=state,
        zone=where.key,
        starts_from=started.clock.starts if started else "",
        started_at=started.at if started else None,
        due=started.due if started else None,
        missing=tuple(one.starts for one in step.clocks if one.starts not in moments),
        notified=done,
        reason_missing=step.reasons_if_late
        and state is DeadlineState.DONE_LATE
        and not (done and done.reason),
    )


def _first_to_end(started: Sequence[_Started], moments: Mapping[str, datetime]) -> _Started | None:
    counts = [one for one in started if not _overtaken(one, moments)]
    timed = [one for one in counts if one.due is not None]
    return min(timed, key=lambda one: one.due or one.at, default=counts[0] if counts else None)


def _overtaken(one: _Started, moments: Mapping[str, datetime]) -> bool:
    after = moments.get(one.clock.unless_after)
    return after is not None and one.due is not None and after > one.due


def _state(
    started: _Started | None, done: AuthorityNotified | None, now: datetime
) -> DeadlineState:
    due = started.due if started else None
    if done is not None:
        late = due is not None and done.at > due
        return DeadlineState.DONE_LATE if late else DeadlineState.DONE
    if started is None:
        return DeadlineState.NOT_STARTED
    if due is None:
        return DeadlineState.OPEN
    if now > due:
        return DeadlineState.LATE
    near = started.at + (due - started.at) * NEAR / 100
    return DeadlineState.NEAR if now >= near else DeadlineState.OPEN


def counted_from(names: Iterable[str], words: Iterable[str]) -> list[str]:
    """The titles of the steps that count from one of these facts, of the regulations in ``words``.

    Those are words of a playbook.
    """
    moved, chosen = set(names), set(words)
    return [
        f"{regulation.title}: {step.title}"
        for regulation in REGULATIONS
        if chosen.intersection((regulation.law, regulation.id))
        for step in regulation.steps
        if moved.intersection(one.starts for one in step.clocks)
    ]


def about_deadline(step: str) -> str:
    """``deadline/<step>``: what notifications about it are called."""
    return f"deadline/{step}"


class Reminder(Value):
    """One rung of one deadline that has been reached.

    ``step`` has the due time in it: a deadline that was moved is reminded of again.
    """

    about: str
    step: str
    share: int
    due: datetime


def reached(found: Iterable[Deadline], now: datetime) -> list[Reminder]:
    """The highest rung that each open deadline has reached; what ended or has no time has none."""
    reminders = []
    for one in found:
        shares = [] if one.state.ended else [share for share, at in one.rungs() if at <= now]
        if shares and one.due is not None:
            rung = f"{shares[-1]}/{one.due:%Y%m%dT%H%M%S}Z"
            about = about_deadline(one.step)
            reminders.append(Reminder(about=about, step=rung, share=shares[-1], due=one.due))
    return reminders


def next_rung(found: Iterable[Deadline], now: datetime) -> timedelta | None:
    """How long until another rung is reached; None if none is to come."""
    ahead = [at for one in found if not one.state.ended for _, at in one.rungs() if at > now]
    return min(ahead) - now if ahead else None
