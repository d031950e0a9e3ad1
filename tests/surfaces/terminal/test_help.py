"""Help is output like any other: every command explains itself, with an example that works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from cli import app
from tests.terminal import Terminal

ROOT_COMMAND = typer.main.get_command(app)


def paths(group: object = ROOT_COMMAND, before: str = "") -> Iterator[str]:
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from paths(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


PATHS = list(paths())


def helped(terminal: Terminal, path: str) -> str:
    return terminal.type(f"{path} --help").output


def example_of(path: str) -> str:
    command: object = ROOT_COMMAND
    for name in path.split():
        assert isinstance(command, TyperGroup)
        command = command.commands[name]
    found = re.search(r"Example: (frontfoot .+)", getattr(command, "help", "") or "")
    return found[1] if found else ""


def test_the_first_page_names_every_command_and_the_exit_codes(terminal: Terminal) -> None:
    page = terminal.type("--help").output
    named = [path for path in paths() if path.split()[0] in page]
    assert (named, "4 outcome" in page) == (PATHS, True)


@pytest.mark.parametrize("path", PATHS)
def test_a_command_shows_an_example_in_its_help(terminal: Terminal, path: str) -> None:
    page = " ".join(helped(terminal, path).split())
    assert f"Example: frontfoot {path}" in page


@pytest.mark.parametrize("path", PATHS)
def test_an_example_can_be_typed_as_it_stands(path: str) -> None:
    arguments = shlex.split(example_of(path))[1:]
    command: object = ROOT_COMMAND
    while isinstance(command, TyperGroup):
        command = command.commands[arguments.pop(0)]
    # Parses every option and argument, and raises if one is wrong or missing.
    context = command.make_context("frontfoot", arguments)  # type: ignore[attr-defined]
    assert context.params


@pytest.mark.parametrize("path", PATHS)
def test_help_fits_eighty_columns(terminal: Terminal, path: str) -> None:
    assert max(map(len, helped(terminal, path).splitlines())) <= 80


def test_a_slip_of_the_pen_is_answered_with_the_nearest_command(terminal: Terminal) -> None:
    result = terminal.type("aprove site-down")
    assert (result.exit_code, "approve" in result.output) == (2, True)
