"""Every next step is a button that leads to a page which is there, or words alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from client.notifications import SeenNotification, step_of
from domain.explanation import Action, NextStep
from domain.notifications import NotificationReason, NotificationState
from domain.promise_clock import Promise
from surfaces.console.app import _OPEN_PAGES, _PAGES
from surfaces.console.wording import button_of
from surfaces.terminal.wording import command_of

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
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


HERE = "/incidents/site-down"
LEADS = {
    NotificationReason.DECIDE: (f"{HERE}/messages/2/sign", "show site-down 2"),
    NotificationReason.PROMISE_NEAR: (
        f"{HERE}/propose?kind=progress_update",
        "propose site-down progress_update",
    ),
    NotificationReason.FOLLOW_UP: (f"{HERE}/follow-up", "follow-up site-down"),
    NotificationReason.DEADLINE_NEAR: (f"{HERE}/deadlines", "deadlines site-down"),
    NotificationReason.UNREACHABLE: (HERE, "status site-down"),
    NotificationReason.REVIEW: (f"{HERE}/messages/2/gate", "review site-down 2"),
}


@pytest.mark.parametrize(("reason", "leads"), LEADS.items())
def test_a_notification_leads_to_what_is_to_be_done(
    reason: NotificationReason, leads: tuple[str, str]
) -> None:
    step = step_of(seen(reason, message=2))
    button = button_of(step) if step else None
    assert step is not None
    assert (button.href if button else "", command_of(step).partition(" --")[0]) == (
        leads[0],
        f"frontfoot {leads[1]}",
    )


@pytest.mark.parametrize(("number", "kind"), [(0, "announcement"), (2, "progress_update")])
def test_the_form_of_a_promise_is_the_same_once_it_was_broken(number: int, kind: str) -> None:
    """Whoever was told that the first word was broken came to the form of a progress update."""
    promise = Promise(number=number, owner="maya", made_at=NOW, due=NOW)
    due = step_of(seen(NotificationReason.PROMISE_DUE, about=promise.about))
    broken = step_of(seen(NotificationReason.PROMISE_BROKEN, about=promise.about_broken))
    assert due is not None
    assert due == broken
    assert due.about == kind


def test_a_contact_test_leads_nowhere() -> None:
    assert step_of(seen(NotificationReason.CONTACT_TEST, incident="")) is None


def seen(
    reason: NotificationReason,
    *,
    about: str = "promise/2",
    incident: str = "site-down",
    message: int | None = None,
) -> SeenNotification:
    return SeenNotification(
        incident=incident,
        about=about,
        reason=reason,
        title="",
        message=message,
        method="",
        due=None,
        state=NotificationState.WAITING,
        acknowledged_at=None,
        ending="",
        ended_by="",
        ended_at=None,
    )


def test_a_step_that_names_no_incident_has_no_button() -> None:
    assert button_of(NextStep(action=Action.CLOSE)) is None
    assert button_of(NextStep(action=Action.DECIDE, incident="site-down")) is None
