"""A fact sheet for one regulation: what is asked for, what is known, and what is not known yet.

People file it themselves; nothing here is ever sent to an authority.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from domain.deadlines import NOT_LEGAL_ADVICE, Deadline, DeadlineState
from domain.facts import Facts
from domain.ids import Slug
from domain.model import Value
from domain.regulations.periods import zone_named
from domain.regulations.rule import Regulation
from domain.times import show_clock, show_day

INCOMPLETE_RATHER_THAN_LATE = (
    "What is not known yet can be added later: file incomplete rather than late."
)


class KnownFact(Value):
    """One fact that answers a question, in words."""

    name: str
    text: str


class Answer(Value):
    """What is asked for, and what is known of it; nothing in ``known`` means nothing yet."""

    asks: str
    known: tuple[KnownFact, ...] = ()


class FactSheet(Value):
    """Everything about one regulation in one incident, as of ``made_at``."""

    incident: Slug
    title: str
    company: str
    regulation: str
    name: str
    told: str
    source: str
    url: str
    as_of: str
    verified: bool
    note: str
    made_at: datetime
    deadlines: tuple[Deadline, ...]
    answers: tuple[Answer, ...]
    advice: str = NOT_LEGAL_ADVICE

    @property
    def unknown(self) -> list[str]:
        """What is asked for and not known yet."""
        return [one.asks for one in self.answers if not one.known]


def fact_sheet(
    regulation: Regulation,
    facts: Facts,
    found: Sequence[Deadline],
    *,
    incident: str,
    title: str,
    company: str,
    made_at: datetime,
) -> FactSheet:
    """The sheet of one regulation; ``found`` are the incident's deadlines."""
    known = facts.known()
    return FactSheet(
        incident=incident,
        title=title,
        company=company,
        regulation=regulation.id,
        name=regulation.title,
        told=regulation.told,
        source=regulation.source,
        url=regulation.url,
        as_of=show_day(regulation.as_of),
        verified=regulation.verified,
        note=regulation.note,
        made_at=made_at,
        deadlines=tuple(one for one in found if one.regulation == regulation.id),
        answers=tuple(
            Answer(
                asks=one.asks,
                known=tuple(
                    KnownFact(name=name, text=known[name]) for name in one.facts if name in known
                ),
            )
            for one in regulation.questions
        ),
    )


def in_zone(at: datetime, zone: str) -> str:
    """``1 December 2026, 09:00 UTC``, with the wall time of ``zone`` where that is another."""
    utc = f"{show_day(at)}, {show_clock(at)}"
    local = at.astimezone(zone_named(zone))
    if not local.utcoffset():
        return utc
    return f"{utc} ({local.day} {local:%b}, {local:%H:%M} in {zone})"


_STATES = {
    DeadlineState.NOT_STARTED: "not started",
    DeadlineState.OPEN: "open",
    DeadlineState.NEAR: "near",
    DeadlineState.LATE: "LATE",
    DeadlineState.DONE: "done",
    DeadlineState.DONE_LATE: "done late",
}


def state_in_words(one: Deadline) -> str:
    """``open``, ``LATE``, ``done late``, and what keeps one from starting."""
    if one.state is DeadlineState.NOT_STARTED:
        return f"not started: {' or '.join(one.missing)} is not known"
    return _STATES[one.state]


def due_in_words(one: Deadline) -> str:
    """By when, in UTC and in the zone of the authority; or why there is no time."""
    if one.due is not None:
        return in_zone(one.due, one.zone)
    return "-" if one.state is DeadlineState.NOT_STARTED else "without undue delay"


def in_markdown(sheet: FactSheet) -> str:
    """The sheet as a Markdown file."""
    checked = "compared with its wording" if sheet.verified else "NOT all compared with its wording"
    lines = [
        f"# {_plain(sheet.name)}: fact sheet",
        "",
        f"{_plain(sheet.company)}, {_plain(sheet.title)} ({sheet.incident})",
        "",
        f"As of {show_day(sheet.made_at)}, {show_clock(sheet.made_at)}. To tell: {sheet.told}.",
        "",
        f"Source: {_plain(sheet.source)}, {sheet.url}; rules as of {sheet.as_of}, {checked}.",
        "",
        f"{sheet.advice} Nothing was sent to anybody by Frontfoot. {INCOMPLETE_RATHER_THAN_LATE}",
        "",
        "## Deadlines",
        "",
    ]
    for one in sheet.deadlines:
        lines.append(f"- {_plain(one.title)}: {due_in_words(one)} ({state_in_words(one)}).")
        lines.append(f"  {_plain(one.rule)}")
        if one.notified is not None:
            lines.append(f"  Notified {in_zone(one.notified.at, one.zone)}.")
            if one.notified.reason:
                lines.append(f"  Reason for the delay: {_plain(one.notified.reason)}")
    lines += ["", "## What is known", ""]
    known = [
        f"- {_plain(answer.asks)} ({_words(fact.name)}): {_plain(fact.text)}"
        for answer in sheet.answers
        for fact in answer.known
    ]
    lines += known or ["- nothing of what is asked for"]
    lines += ["", "## What is not known yet", ""]
    lines += [f"- {_plain(one)}" for one in sheet.unknown] or ["- nothing of what is asked for"]
    if sheet.note:
        lines += ["", _plain(sheet.note)]
    return "\n".join(lines) + "\n"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _plain(text: str) -> str:
    # On one line, and with nothing that Markdown would take for its own.
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))
