"""Who may sign what, and why somebody may not: a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from client.signing import may_sign
from domain.actor import Actor, Surface
from domain.explanation import Action, explained
from domain.gate import Decision, GateState, Requirement, Verdict
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.status import MessageStatus

NOW = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
DIGEST = "ab" * 32


def decision(person: str, verdict: Verdict = Verdict.APPROVE) -> Decision:
    return Decision(
        actor=Actor(person=person, surface=Surface.TERMINAL),
        verdict=verdict,
        digest=DIGEST,
        roles=("security",),
        at=NOW,
    )


def message(**changes: object) -> MessageStatus:
    waiting = MessageStatus(
        number=1,
        kind=MessageKind.ANNOUNCEMENT,
        revision=1,
        author="maya",
        proposed_at=NOW,
        digest=DIGEST,
        phase=MessagePhase.WAITING,
        gate=GateState.WAITING,
        missing="1 more of founder",
        decisions=(),
        approved_at=None,
        told=False,
        audience_count=0,
        codes_worth=None,
        outcomes=(),
        may_sign=("noor",),
    )
    return waiting.model_copy(update=changes)


@pytest.mark.parametrize(
    ("person", "changes", "approve", "reject", "why"),
    [
        ("noor", {}, True, True, ""),
        ("maya", {}, False, False, "You wrote this"),
        ("sam", {}, False, False, "does not take that signature"),
        ("ines", {"decisions": (decision("ines"),)}, False, False, "signed this already"),
        ("noor", {"next_update_by": NOW - timedelta(minutes=5)}, False, True, "has passed"),
        ("noor", {"next_update_by": NOW + timedelta(minutes=5)}, True, True, ""),
        ("noor", {"requires": Requirement.KEY}, False, False, "signed with a key"),
        (
            "noor",
            {"phase": MessagePhase.PUBLISHING, "decisions": (decision("ines"),)},
            False,
            False,
            "ines approved this at 28 Nov 05:00 UTC in the terminal",
        ),
        (
            "noor",
            {"phase": MessagePhase.REJECTED, "decisions": (decision("ines", Verdict.REJECT),)},
            False,
            False,
            "ines rejected this",
        ),
        ("noor", {"phase": MessagePhase.WITHDRAWN}, False, False, "was withdrawn"),
    ],
)
def test_everybody_learns_what_they_may_do_and_why_not(
    person: str, changes: dict[str, object], approve: bool, reject: bool, why: str
) -> None:
    may = may_sign("site-down", message(**changes), person, ("support",), NOW)
    assert (may.approve, may.reject) == (approve, reject)
    assert (may.why_not is None) == (not why)
    assert why in str(may.why_not or "")


def test_who_may_is_named_to_those_who_may_not() -> None:
    may = may_sign("site-down", message(), "maya", ("comms_lead",), NOW)
    assert "noor" in str(may.why_not)


@pytest.mark.parametrize("requires", list(Requirement))
@pytest.mark.parametrize("proves", [True, False])
def test_who_has_a_passkey_signs_with_it_and_who_needs_one_learns_where_to_get_it(
    requires: Requirement, proves: bool
) -> None:
    required = requires is not Requirement.NONE

    may = may_sign(
        "site-down", message(requires=requires), "noor", ("founder",), NOW, proves=proves
    )

    assert may.approve is may.reject is (proves or not required)
    assert (may.proven, may.required) == (proves, proves and required)
    step = may.why_not.next_step.action if may.why_not else None
    assert step is (Action.ENROL_PASSKEY if required and not proves else None)


def test_where_no_browser_uses_passkeys_that_is_the_reason() -> None:
    number = explained("The console's address is a number.", "Open it by its name.")
    asked = message(requires=Requirement.PASSKEY)
    may = may_sign("site-down", asked, "noor", ("founder",), NOW, unusable=number)
    assert (may.approve, may.why_not) == (False, number)
