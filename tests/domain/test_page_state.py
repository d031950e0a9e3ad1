"""What the page says about an incident follows from its updates alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.message import MessageKind
from domain.page_entry import Impact, PageEntry, PageStatus
from domain.page_state import impact_of, is_over, monitoring_at, newest_article, resolved_at
from domain.status_page import PageIncident, PageUpdate, StatusPage

START = datetime(2026, 11, 28, 12, tzinfo=UTC)
ARTICLE = "postmortem"


def incident(*said: tuple[str, Impact]) -> PageIncident:
    """An incident with an update for each status and impact, an hour apart."""
    updates = tuple(
        PageUpdate(
            id=f"u{number}",
            number=number,
            kind=MessageKind.PROGRESS_UPDATE,
            mark=f"Update {number}",
            text="Said.",
            html="<p>Said.</p>",
            at=START + timedelta(hours=number),
            entry=PageEntry(status=PageStatus(status), impact=impact, article=status == ARTICLE),
        )
        for number, (status, impact) in enumerate(said)
    )
    return PageIncident(id="i", title="Something", updates=updates)


@pytest.mark.parametrize(
    ("said", "impact"),
    [
        ([("investigating", Impact.NONE)], Impact.MINOR),
        ([("investigating", Impact.CRITICAL), ("identified", Impact.MINOR)], Impact.MINOR),
        ([("investigating", Impact.MAJOR), ("resolved", Impact.NONE)], Impact.MAJOR),
        ([("resolved", Impact.NONE)], Impact.NONE),
    ],
)
def test_the_impact_is_what_it_is_or_was_while_it_lasted(
    said: list[tuple[str, Impact]], impact: Impact
) -> None:
    assert impact_of(incident(*said)) is impact


def test_an_incident_that_came_back_is_open_again() -> None:
    words = ("investigating", "monitoring", "resolved", "investigating")
    again = incident(*((word, Impact.MAJOR) for word in words))
    assert (is_over(again), resolved_at(again)) == (False, None)
    assert monitoring_at(again) == START + timedelta(hours=1)


def test_it_was_resolved_when_that_was_first_said_for_good() -> None:
    words = ("resolved", "identified", "resolved", "postmortem")
    over = incident(*((word, Impact.MINOR) for word in words))
    assert resolved_at(over) == START + timedelta(hours=2)


def test_the_newest_article_is_the_one_that_was_published_last() -> None:
    minor = Impact.MINOR
    early = incident(("investigating", minor), (ARTICLE, minor))
    late = incident(("investigating", minor), ("resolved", minor), (ARTICLE, minor))
    page = StatusPage(
        number=1, generated_at=START, name="Page", url="https://a.example", incidents=(early, late)
    )
    found = newest_article(page)
    assert found is not None
    assert found[0] is late
    assert newest_article(page.model_copy(update={"incidents": ()})) is None
