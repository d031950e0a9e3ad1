"""The words, shapes and spellings of the public page, in one place for HTML, JSON and feeds."""

from __future__ import annotations

from datetime import datetime

from domain.message import MessageKind
from domain.page_entry import ComponentState, Impact, PageStatus
from domain.page_state import indicator_of, only_maintenance
from domain.status_page import PageAnswers, PageUpdate, StatusPage
from domain.times import in_utc, show_clock, show_day

_DESCRIPTIONS = {
    Impact.NONE: "All systems operational",
    Impact.MINOR: "Minor problem",
    Impact.MAJOR: "Major problem",
    Impact.CRITICAL: "Critical problem",
}
IMPACTS = {
    Impact.NONE: "No impact",
    Impact.MINOR: "Minor impact",
    Impact.MAJOR: "Major impact",
    Impact.CRITICAL: "Critical impact",
}
STATES = {
    ComponentState.OPERATIONAL: "Operational",
    ComponentState.UNDER_MAINTENANCE: "Under maintenance",
    ComponentState.DEGRADED_PERFORMANCE: "Degraded performance",
    ComponentState.PARTIAL_OUTAGE: "Partial outage",
    ComponentState.MAJOR_OUTAGE: "Major outage",
}
SHAPES = {
    ComponentState.OPERATIONAL: "none",
    ComponentState.UNDER_MAINTENANCE: "maintenance",
    ComponentState.DEGRADED_PERFORMANCE: "minor",
    ComponentState.PARTIAL_OUTAGE: "major",
    ComponentState.MAJOR_OUTAGE: "critical",
}
"""A shape in parts/_shapes.html for each state: no state is told by its colour alone."""


def description_of(page: StatusPage) -> str:
    """The state of everything in two or three words."""
    if only_maintenance(page):
        return "Maintenance in progress"
    return _DESCRIPTIONS[indicator_of(page)]


def shape_of(page: StatusPage) -> str:
    """The shape of the state of everything."""
    return "maintenance" if only_maintenance(page) else indicator_of(page).value


def heading_of(update: PageUpdate) -> str:
    """What an update is called on a page: the status, in words that customers know."""
    if update.kind is MessageKind.CORRECTION:
        return "Correction"
    if update.entry.status is PageStatus.POSTMORTEM:
        return "Follow-up"
    return status_word(update.entry.status)


def status_word(status: PageStatus) -> str:
    """The word of a status as feeds have it: ``Investigating``."""
    return status.value.capitalize()


def stamp(at: datetime) -> str:
    """``2026-11-28T14:05:12.000Z``: one spelling for JSON, feeds and HTML (RFC 3339)."""
    return in_utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(at: datetime) -> str:
    """``28 Nov 2026, 14:05 UTC``: short enough for a phone, and never without its year."""
    day, month, year = show_day(at).split()
    return f"{day} {month[:3]} {year}, {show_clock(at)}"


def length(start: datetime, end: datetime) -> str:
    """``2 h 5 min``, as long as it lasted; whole days from the third one on."""
    minutes = max(1, round((end - start).total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if hours >= 72:
        return f"{hours // 24} days"
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join(part for part in parts if part)


def answers_words(answers: PageAnswers | None) -> str:
    """``5,676 of 5,676 messages from you answered``; nothing where that is not to be told."""
    if answers is None:
        return ""
    messages = "message" if answers.of == 1 else "messages"
    return f"{answers.answered:,} of {answers.of:,} {messages} from you answered"
