"""Every next step is a button that leads to a page which is there, or words alone."""

from __future__ import annotations

import re

import pytest

from domain.explanation import Action, NextStep
from surfaces.console.app import _OPEN_PAGES, _PAGES
from surfaces.console.wording import button_of

IN_A_TERMINAL = {
    Action.AUDIT,
    Action.SIGN_IN,
    Action.CREATE_KEY,
    Action.LIST_KEYS,
    Action.ENROL_KEY,
    Action.CHECK_PLAYBOOK,
    Action.IMPORT_SUBSCRIBERS,
    Action.MIGRATE,
    Action.NEW_RECORD_KEY,
    Action.RECOVER_INCIDENT,
    Action.RECOVER_LEDGER,
    Action.SET_AUDIENCE,
    Action.START,
}
PAGES = [
    re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path))
    for router in (*_OPEN_PAGES, *_PAGES)
    for route in router.routes
    if "GET" in route.methods  # type: ignore[attr-defined]
]


@pytest.mark.parametrize("action", sorted(set(Action) - IN_A_TERMINAL))
def test_a_button_leads_to_a_page(action: Action) -> None:
    step = NextStep(action=action, incident="site-down", message=2, channel="twitter")
    button = button_of(step)
    assert button is not None
    assert any(page.fullmatch(button.href.partition("?")[0]) for page in PAGES)
    assert "{" not in button.words + button.href


@pytest.mark.parametrize("action", sorted(IN_A_TERMINAL))
def test_what_is_done_in_a_terminal_has_no_button(action: Action) -> None:
    assert button_of(NextStep(action=action, incident="site-down", message=2)) is None


def test_a_step_that_names_no_incident_has_no_button() -> None:
    assert button_of(NextStep(action=Action.CLOSE)) is None
    assert button_of(NextStep(action=Action.DECIDE, incident="site-down")) is None
