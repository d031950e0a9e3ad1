"""``facts``: recording what is known so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from client.errors import WrongInput
from client.facts import read_typed, record_facts
from domain.explanation import Action, NextStep
from domain.facts import Facts
from domain.suggest import did_you_mean
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of


def facts(
    slug: Slug,
    fix: Annotated[str | None, typer.Option(help="What ended it.")] = None,
    prevention: Annotated[
        str | None, typer.Option(help="What makes sure that it cannot happen again.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Who is responsible for the prevention.")
    ] = None,
    due: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="By when it is in place.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=TEXT", help="Any other fact; may be repeated."),
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Record what is known so far; what was recorded before stays.

    An empty text removes a fact. Facts go into the next message; they are not published by
    themselves.

    Example: frontfoot facts site-down --set cause="A stolen token" --fix "All tokens replaced"
    """
    who = actor(by)
    given = _given_facts(
        {"fix": fix, "prevention": prevention, "prevention_owner": owner, "prevention_due": due},
        settings or [],
    )
    status = run(lambda engine: record_facts(engine, slug, actor=who, facts=given))
    if as_json:
        say_json(status.model_dump(mode="json"))
        return
    say(f"Known about {slug}: {', '.join(status.facts_filled) or 'nothing yet'}.")
    waiting = [one.number for one in status.messages if one.gate == "waiting"]
    for number in waiting:
        revising = NextStep(action=Action.REVISE, incident=slug, message=number)
        say(f"Message {number} was written before that; to renew it: {command_of(revising)}")


def _given_facts(named: Mapping[str, str | None], pairs: list[str]) -> dict[str, object]:
    """The facts as typed, checked against the model; ``WrongInput`` names what is wrong."""
    given: dict[str, object] = {name: text for name, text in named.items() if text is not None}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or name not in Facts.model_fields:
            hint = did_you_mean(name, Facts.model_fields)
            raise WrongInput(f"--set {name!r} is not a fact.", f"Write NAME=TEXT. {hint}")
        given[name] = text
    if not given:
        raise WrongInput(
            "No fact was given.", f"Name at least one: {', '.join(Facts.model_fields)}."
        )
    if given.get("prevention_due") == "":
        given["prevention_due"] = None
    read_typed(given)
    return given


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("facts")(facts)
