"""What the templates may read of an incident and of the components: words, already decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from channels.website.changes import Change, affected_by
from channels.website.markdown import deepened
from channels.website.wording import (
    IMPACTS,
    SHAPES,
    STATES,
    answers_words,
    heading_of,
    length,
    status_word,
)
from domain.page_state import impact_of, is_over, newest_status, resolved_at, worst_state
from domain.status_page import (
    Component,
    PageIncident,
    PageUpdate,
    StatusPage,
    article_path,
    incident_path,
)
from domain.times import show_on_its_day


@dataclass(frozen=True, slots=True)
class StateView:
    """The state of one component, by word and by shape."""

    name: str
    description: str | None
    word: str
    shape: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Components under a heading; ``name`` is None for one that is in no group."""

    name: str | None
    word: str
    shape: str
    components: tuple[StateView, ...]


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article as other pages point to it."""

    path: str
    headline: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UpdateView:
    """One update. ``html`` fits below a heading of the update's own; None for an article."""

    id: str
    heading: str
    at: datetime
    html: Markup | None
    article: ArticleView | None
    states: tuple[StateView, ...]
    mark: str | None


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with its updates, the newest first.

    ``answers`` says how many messages from people were answered; empty where that is not told.
    ``overdue`` says whether ``next_update_by`` had passed when the page was generated.
    """

    title: str
    path: str
    status: str
    over: bool
    impact: str
    shape: str
    started: datetime
    resolved: datetime | None
    lasted: str | None
    next_update_by: datetime | None
    due_words: str
    overdue: bool
    concerned: tuple[StateView, ...]
    updates: tuple[UpdateView, ...]
    answers: str


def groups_of(page: StatusPage) -> tuple[GroupView, ...]:
    """The components of the page in their order, each group where its first member is."""
    members = dict[str, list[Component]]()
    for one in page.components:
        members.setdefault(f"group {one.group}" if one.group else one.id, []).append(one)
    return tuple(
        GroupView(
            name=some[0].group,
            word=STATES[worst_state(some)],
            shape=SHAPES[worst_state(some)],
            components=tuple(_state_of(one) for one in some),
        )
        for some in members.values()
    )


def incident_view(
    page: StatusPage,
    incident: PageIncident,
    changes: dict[str, tuple[Change, ...]],
    *,
    level: int,
) -> IncidentView:
    """An incident for a page where its title is a heading of that ``level``."""
    over, resolved = is_over(incident), resolved_at(incident)
    due = None if over else incident.newest.next_update_by
    started = incident.updates[0].at
    return IncidentView(
        title=incident.title,
        path=incident_path(incident.id),
        status=status_word(newest_status(incident)),
        over=over,
        impact=IMPACTS[impact_of(incident)],
        shape=impact_of(incident).value,
        started=started,
        resolved=resolved,
        lasted=length(started, resolved) if resolved else None,
        next_update_by=due,
        due_words=show_on_its_day(due, page.generated_at) if due else "",
        overdue=due is not None and due <= page.generated_at,
        concerned=tuple(_state_of(one) for one in affected_by(incident, changes)),
        updates=tuple(
            _update_view(one, changes.get(one.id, ()), level) for one in reversed(incident.updates)
        ),
        answers=answers_words(incident.answers),
    )


def article_view(incident: PageIncident, update: PageUpdate) -> ArticleView:
    """An article under its headline, or under the incident's title if it has none."""
    headline = update.entry.headline or incident.title
    return ArticleView(article_path(update.id), headline, update.at)


def _update_view(update: PageUpdate, changes: tuple[Change, ...], level: int) -> UpdateView:
    article = None
    if update.entry.article:
        headline = update.entry.headline or "What happened, and what we have done"
        article = ArticleView(article_path(update.id), headline, update.at)
    return UpdateView(
        id=update.id,
        heading=heading_of(update),
        at=update.at,
        html=None if article else Markup(deepened(update.html, level)),
        article=article,
        states=tuple(
            StateView(one.component.name, None, STATES[one.new], SHAPES[one.new])
            for one in changes
            if one.old is not one.new
        ),
        mark=None if update.mark in update.text and not article else update.mark,
    )


def _state_of(component: Component) -> StateView:
    return StateView(
        component.name, component.description, STATES[component.state], SHAPES[component.state]
    )
