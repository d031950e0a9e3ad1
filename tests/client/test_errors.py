"""Every expected failure has an explanation, and none of them knows a surface."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.service import RPCError, RPCStatusCode

import client
from client.errors import (
    ClientError,
    EndedUnclosed,
    NoAnswer,
    NoWorker,
    UnknownIncident,
    WrongInput,
    explanation_of,
)
from domain.errors import DecisionRefused, DomainError
from domain.explanation import Action
from store.kernel.errors import StoreUnavailable
from wiring import TemporalUnreachable

HERE = Path(client.__path__[0])
EXPECTED: tuple[BaseException, ...] = (
    ClientError("No.", "Do this."),
    WrongInput("No.", "Do this."),
    UnknownIncident("site-down"),
    EndedUnclosed("site-down", "terminated"),
    NoWorker(),
    NoAnswer("site-down", "decide"),
    DomainError("No.", "Do this."),
    DecisionRefused("No.", "Do this."),
    StoreUnavailable("Full.", "Nothing was kept.", "Free some."),
    TemporalUnreachable("Nobody answers.", "Start it."),
    FileNotFoundError(2, "No such file", "x.csv"),
    *(RPCError("secret", status, b"") for status in RPCStatusCode),
)


@pytest.mark.parametrize("error", EXPECTED, ids=lambda error: type(error).__name__)
def test_each_says_what_happened_and_what_to_do_next(error: BaseException) -> None:
    explanation = explanation_of(error)
    assert explanation is not None
    assert (explanation.what != "", bool(explanation.next_step)) == (True, True)
    assert "secret" not in str(explanation)


@pytest.mark.parametrize("fault", [KeyError("x"), ValueError("x"), OSError("x")])
def test_a_fault_of_ours_has_none(fault: BaseException) -> None:
    assert explanation_of(fault) is None


def test_what_got_no_answer_points_to_the_status_of_its_incident() -> None:
    step = NoAnswer("site-down", "decide").explanation.next_step
    assert (step.action, step.incident) == (Action.SHOW_STATUS, "site-down")


def test_nothing_here_words_a_command_of_the_terminal() -> None:
    wording = [
        f"{path.relative_to(HERE)}:{number}"
        for path in sorted(HERE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "frontfoot " in line
    ]
    assert wording == []
