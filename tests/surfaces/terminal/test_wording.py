"""Every next step has its words in the terminal, and every command in them can be typed."""

from __future__ import annotations

import shlex

import pytest
import typer
from typer.core import TyperGroup

from cli import app
from client.next_steps import WENT_OUT
from domain.explanation import Action, NextStep, explained
from surfaces.terminal.wording import command_of, happened, in_words, told

ROOT_COMMAND = typer.main.get_command(app)
ABOUT = {Action.PROPOSE: "announcement", Action.DECIDE: "1234abcd", Action.SETTLE_REPLY: "7"}
ELSEWHERE = {Action.MIGRATE: "python -m store.migrate"}


def step(action: Action, **more: object) -> NextStep:
    fields = {"incident": "site-down", "message": 1, "channel": "email", **more}
    return NextStep.model_validate(
        {"action": action, "about": ABOUT.get(action, "spring"), **fields}
    )


@pytest.mark.parametrize("action", list(Action))
def test_every_action_has_a_command_that_can_be_typed(action: Action) -> None:
    line = command_of(step(action))
    if action in ELSEWHERE:
        assert line == ELSEWHERE[action]
        return
    program, *arguments = shlex.split(line)
    command: object = ROOT_COMMAND
    while isinstance(command, TyperGroup):
        command = command.commands[arguments.pop(0)]
    typed = [one if one != "…" else "2026-11-30" for one in arguments]
    context = command.make_context("frontfoot", typed)  # type: ignore[attr-defined]
    assert (program, bool(context.command.name)) == ("frontfoot", True)


@pytest.mark.parametrize("action", list(Action))
def test_a_command_leaves_no_blank_unmarked(action: Action) -> None:
    line = command_of(NextStep(action=action))
    assert ("{" in line, "None" in line, "  " in line) == (False, False, False)


def test_the_command_is_the_exact_one() -> None:
    deciding = step(Action.DECIDE)
    assert command_of(deciding) == ("frontfoot approve site-down 1 --digest 1234abcd --as PERSON")


def test_channel_and_audience_are_named_where_there_is_a_choice() -> None:
    assert "--channel" not in command_of(step(Action.PAUSE, channel=""))
    assert command_of(step(Action.PAUSE, channel="smtp")).endswith("--channel smtp")
    assert command_of(step(Action.RETRY, audience="page")).endswith("--audience page")


@pytest.mark.parametrize(
    ("next_step", "said"),
    [
        (NextStep(), ""),
        (NextStep(advice="Buy credits."), "Buy credits."),
        (NextStep(action=Action.CHECK), "frontfoot check"),
        (NextStep(action=Action.CHECK, advice="See."), "See: frontfoot check"),
        (NextStep(action=Action.START, advice="Is it there?"), "Is it there? frontfoot up"),
    ],
)
def test_advice_comes_first_and_ends_with_what_to_type(next_step: NextStep, said: str) -> None:
    assert in_words(next_step) == said


@pytest.mark.parametrize(("about", "offered"), [("", True), (WENT_OUT, False)])
def test_settling_offers_both_answers_unless_one_is_known(about: str, offered: bool) -> None:
    said = in_words(step(Action.SETTLE, about=about))
    assert ("--went-out" in said, "--did-not-go-out" in said) == (True, offered)


def test_an_explanation_is_told_in_one_paragraph() -> None:
    explanation = explained("It is full.", "Free some.", means="Nothing was kept.")
    assert happened(explanation) == "It is full. Nothing was kept."
    assert told(explanation) == "It is full. Nothing was kept. Free some."
