"""What a message says on the status page: its state, and the components that it sets."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from domain.message import MessageKind
from domain.page_entry import ComponentState, Impact, PageEntry, PagePlan, PageStatus
from domain.page_rules import page_entry

PLAN = PagePlan.model_validate({"components": [{"name": "Web app"}, {"name": "API"}]})
DOWN, SLOW, FINE = (
    ComponentState.MAJOR_OUTAGE,
    ComponentState.DEGRADED_PERFORMANCE,
    ComponentState.OPERATIONAL,
)


def entry(
    kind: MessageKind,
    *before: PageEntry,
    known: tuple[str, ...] = (),
    plan: PagePlan = PLAN,
    **chosen: ComponentState,
) -> PageEntry:
    states = {name.replace("_", " "): state for name, state in chosen.items()}
    return page_entry(kind, plan, known=known, before=before, chosen=states, headline="The leak")


def states(of: PageEntry) -> dict[str, ComponentState | None]:
    return {one.name: one.state for one in of.components}


FIRST = entry(MessageKind.ANNOUNCEMENT, API=DOWN)


@pytest.mark.parametrize(
    ("kind", "known", "status"),
    [
        (MessageKind.ANNOUNCEMENT, (), PageStatus.INVESTIGATING),
        (MessageKind.ANNOUNCEMENT, ("cause", "fix"), PageStatus.INVESTIGATING),
        (MessageKind.PROGRESS_UPDATE, ("summary",), PageStatus.INVESTIGATING),
        (MessageKind.PROGRESS_UPDATE, ("cause",), PageStatus.IDENTIFIED),
        (MessageKind.PROGRESS_UPDATE, ("cause", "fix"), PageStatus.MONITORING),
        (MessageKind.RESOLUTION_NOTE, ("cause", "fix"), PageStatus.RESOLVED),
        (MessageKind.GOODWILL_OFFER, (), PageStatus.POSTMORTEM),
        (MessageKind.CORRECTION, ("fix",), PageStatus.INVESTIGATING),
    ],
)
def test_the_state_follows_from_the_stage_and_from_what_is_known(
    kind: MessageKind, known: tuple[str, ...], status: PageStatus
) -> None:
    assert entry(kind, known=known).status is status


def test_a_correction_leaves_the_state_as_it_is() -> None:
    over = entry(MessageKind.RESOLUTION_NOTE, FIRST)
    assert entry(MessageKind.CORRECTION, FIRST, over).status is PageStatus.RESOLVED


def test_only_what_makes_good_is_an_article_with_a_headline() -> None:
    article = entry(MessageKind.GOODWILL_OFFER)
    assert (article.article, article.headline) == (True, "The leak")
    assert (FIRST.article, FIRST.headline) == (False, None)


def test_every_message_names_all_components_and_sets_those_that_were_chosen() -> None:
    assert states(FIRST) == {"Web app": None, "API": DOWN}
    assert states(entry(MessageKind.PROGRESS_UPDATE, FIRST)) == {"Web app": None, "API": None}


def test_a_resolution_sets_what_the_incident_had_set_unless_told_otherwise() -> None:
    assert states(entry(MessageKind.RESOLUTION_NOTE, FIRST)) == {"Web app": None, "API": FINE}
    kept = entry(MessageKind.RESOLUTION_NOTE, FIRST, API=SLOW)
    assert states(kept) == {"Web app": None, "API": SLOW}
    again = entry(MessageKind.RESOLUTION_NOTE, FIRST, entry(MessageKind.RESOLUTION_NOTE, FIRST))
    assert states(again) == {"Web app": None, "API": None}


@pytest.mark.parametrize(
    ("state", "impact"),
    [
        (FINE, Impact.MINOR),
        (SLOW, Impact.MINOR),
        (ComponentState.PARTIAL_OUTAGE, Impact.MAJOR),
        (DOWN, Impact.CRITICAL),
    ],
)
def test_an_incident_is_as_bad_as_its_worst_component_and_never_harmless(
    state: ComponentState, impact: Impact
) -> None:
    assert entry(MessageKind.ANNOUNCEMENT, API=state).impact is impact


def test_an_incident_stays_as_bad_as_it_was_and_as_bad_as_its_plan_says() -> None:
    assert entry(MessageKind.PROGRESS_UPDATE, FIRST, API=SLOW).impact is Impact.CRITICAL
    serious = PLAN.model_copy(update={"impact": Impact.MAJOR})
    assert entry(MessageKind.ANNOUNCEMENT, plan=serious).impact is Impact.MAJOR


def test_a_component_that_the_playbook_lacks_is_refused_by_its_name() -> None:
    with pytest.raises(DomainError) as refused:
        entry(MessageKind.ANNOUNCEMENT, Web_ap=DOWN)
    assert "'Web ap'" in refused.value.what
    assert "Web app" in refused.value.next_step
    with pytest.raises(DomainError, match="the playbook has none"):
        entry(MessageKind.ANNOUNCEMENT, plan=PagePlan(), API=DOWN)


def test_a_playbook_names_each_component_once() -> None:
    with pytest.raises(ValueError, match="names 'API' twice"):
        PagePlan.model_validate({"components": [{"name": "API"}, {"name": "API"}]})
