"""``recover``, ``backup`` and ``restore`` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from client.errors import WrongInput
from surfaces.terminal.batch_numbers import read_numbers, show_numbers
from tests.surfaces.terminal.test_walk import opened
from tests.terminal import Terminal


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("3,5-7", (3, 5, 6, 7)), (" 4 , 4", (4,)), ("9-9", (9,)), ("", ())],
)
def test_numbers_of_batches_are_typed_as_spans(typed: str, meant: tuple[int, ...]) -> None:
    assert read_numbers(typed) == meant


@pytest.mark.parametrize("typed", ["7-5", "0", "x", "3;4", "1-99999999", "-3"])
def test_what_is_no_number_of_a_batch_is_refused(typed: str) -> None:
    with pytest.raises(WrongInput, match="not a number of a batch"):
        read_numbers(typed)


def test_numbers_are_shown_as_they_can_be_typed() -> None:
    assert show_numbers([7, 3, 5, 6, 5]) == "3,5-7"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("recover site-down --as maya", "What was lost?"),
        ("recover --ledger-behind --as maya", "Which incident?"),
        ("recover site-down --ledger-behind --went-out 3 --as maya", "Of which message?"),
        ("recover site-down --ledger-behind", "Who are you?"),
    ],
)
def test_what_is_missing_is_asked_for(terminal: Terminal, line: str, words: str) -> None:
    result = terminal.type(line)
    assert (result.exit_code, words in result.stderr) == (2, True), result.output


def test_a_copy_is_made_and_put_back_from_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("email\nann@mail.example\n", encoding="utf-8")
    assert terminal.type("audience import list.csv --name customers").exit_code == 0
    assert terminal.type("backup copy").exit_code == 0
    assert terminal.type("backup copy").exit_code == 3
    refused = terminal.type("restore copy")
    assert (refused.exit_code, "--replace" in refused.stderr) == (3, True)
    restored = terminal.type("restore copy --replace --json")
    said = json.loads(restored.stdout)
    assert Path(said["aside"]).exists()
    assert said["locked"] == []


@pytest.mark.whole
def test_a_running_stack_keeps_its_ledger_and_an_incident_that_is_well_is_not_compared(
    second: Terminal, tmp_path: Path
) -> None:
    opened(second, "all-is-well")
    copy = tmp_path / "copy"
    assert second.type(f"backup {copy}").exit_code == 0
    refused = second.type(f"restore {copy} --replace")
    assert (refused.exit_code, "is in use" in refused.stderr) == (3, True), refused.output
    well = second.type("recover all-is-well --ledger-behind --as maya")
    assert (well.exit_code, "nothing to compare" in well.stderr) == (3, True), well.output
    runs = second.type("recover all-is-well --temporal-lost --as maya")
    assert (runs.exit_code, "nothing to start again" in runs.stderr) == (3, True), runs.output
