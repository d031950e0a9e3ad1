"""How an import ends: its exit code, and where the rows are that cannot be used."""

from __future__ import annotations

import pytest

from tests.terminal import Terminal

IMPORTERS = pytest.mark.parametrize(
    ("command", "heading", "good"),
    [
        ("audience import list.csv --name customers", "email", "a@example.org"),
        ("suppressions import list.csv --as maya", "email", "a@example.org"),
        ("codes import list.csv --pool spring", "code", "AB-1001"),
    ],
    ids=["audience", "suppressions", "codes"],
)


def write(terminal: Terminal, *lines: str) -> None:
    (terminal.folder / "list.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


@IMPORTERS
def test_rejects_are_listed_and_something_imported_is_a_success(
    terminal: Terminal, command: str, heading: str, good: str
) -> None:
    write(terminal, heading, good, "<>")
    result = terminal.type(command)
    told = "line 3: " in result.output and "list.csv.rejects.csv" in result.output
    assert (result.exit_code, told) == (0, True)


@IMPORTERS
@pytest.mark.parametrize("rows", [["<>"], []], ids=["only rejects", "no rows"])
def test_nothing_usable_ends_with_3(
    terminal: Terminal, command: str, heading: str, good: str, rows: list[str]
) -> None:
    write(terminal, heading, *rows)
    assert terminal.type(command).exit_code == 3


@IMPORTERS
def test_strict_ends_with_3_if_a_row_is_rejected_and_keeps_the_others(
    terminal: Terminal, command: str, heading: str, good: str
) -> None:
    write(terminal, heading, good)
    assert terminal.type(f"{command} --strict").exit_code == 0
    write(terminal, heading, good, "<>")
    assert terminal.type(f"{command} --strict").exit_code == 3
    assert terminal.read(command)["usable"] == 1


@IMPORTERS
def test_rejects_that_cannot_be_written_are_shown_and_the_import_counts(
    terminal: Terminal, command: str, heading: str, good: str
) -> None:
    write(terminal, heading, good, "<>")
    (terminal.folder / "list.csv.rejects.csv").mkdir()
    result = terminal.type(command)
    told = "line 3: " in result.output and "could not be written" in result.output
    assert (result.exit_code, told) == (0, True)
    assert terminal.read(command)["rejects"] is None


def test_the_column_is_asked_for_and_can_be_said(terminal: Terminal) -> None:
    write(terminal, "Work Email,Home Email", "a@example.org,b@example.org")
    asked = terminal.type("audience import list.csv --name customers")
    named = "Work Email" in asked.stderr and "--address-column" in asked.stderr
    assert (asked.exit_code, named) == (3, True)
    said = 'audience import list.csv --name customers --address-column "home email"'
    assert terminal.read(said)["added"] == 1
