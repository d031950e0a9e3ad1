"""What comes next, as data that any surface can word."""

from __future__ import annotations

import pytest

from client.next_steps import next_steps, to_sign
from domain.explanation import Action
from domain.ledger import behind
from domain.message_state import MessagePhase
from domain.stage import Stage
from domain.status import IncidentStatus
from tests.surfaces.terminal.test_screen import (
    ACCEPTED,
    REFUSED,
    UNKNOWN,
    incident,
    message,
    settled,
)


@pytest.mark.parametrize(
    ("status", "actions"),
    [
        (incident(message()), [Action.SHOW_COPY, Action.DECIDE]),
        (incident(message(phase=MessagePhase.REJECTED)), [Action.REVISE, Action.WITHDRAW]),
        (incident(settled(UNKNOWN, REFUSED)), [Action.SETTLE, Action.RETRY, Action.RETRY]),
        (incident(settled(ACCEPTED)), [Action.PROPOSE, Action.RECORD_FACTS]),
        (incident(stage=Stage.RESOLVE), [Action.PROPOSE, Action.CLOSE]),
        (incident(stage=Stage.MAKE_GOOD), [Action.CLOSE]),
        (incident(stage=Stage.CLOSED), [Action.VERIFY_TIMELINE]),
        (
            incident(settled(UNKNOWN, REFUSED)).model_copy(
                update={"locked": behind("site-down", "It is an earlier copy.")}
            ),
            [Action.RECOVER_LEDGER],
        ),
    ],
)
def test_the_most_pressing_comes_first(status: IncidentStatus, actions: list[Action]) -> None:
    steps = next_steps(status)
    assert [one.action for one in steps] == actions
    assert {one.incident for one in steps} == {status.incident}


def test_a_decision_is_about_the_digest_that_was_read() -> None:
    step = to_sign("site-down", message(2))
    assert (step.message, step.about) == (2, "3f2a91bc")


def test_what_is_known_of_a_channel_says_which() -> None:
    steps = next_steps(incident(settled(UNKNOWN, REFUSED)))
    assert [one.channel for one in steps] == ["facebook", "facebook", "twitter"]
