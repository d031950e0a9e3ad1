"""``list``: all incidents, open and closed."""

from __future__ import annotations

from typing import Annotated

import typer

from client import incidents
from client.incidents import ListedIncident
from domain.explanation import Action, NextStep
from surfaces.terminal.options import Json
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import in_words


def list_(
    as_json: Json = False,
    open_only: Annotated[bool, typer.Option("--open", help="Only open incidents.")] = False,
) -> None:
    """List the incidents, the newest first.

    Example: frontfoot list --open
    """
    listed = run(incidents.list_incidents)
    if open_only:
        listed = [one for one in listed if one.open]
    if as_json:
        say_json([_in_json(one) for one in listed])
        return
    if not listed:
        opening = NextStep(action=Action.OPEN, advice="Open one.")
        say(f"There are no incidents. {in_words(opening)}")
        return
    table = plain_table("INCIDENT", "STAGE", "OPENED (UTC)", "TITLE")
    for one in listed:
        stage = _stage(one) or "open, does not answer"
        table.add_row(one.slug, stage, moment(one.opened_at), clean(one.title))
    show(table)


def _stage(one: ListedIncident) -> str | None:
    if one.ended:
        return f"{one.ended}, not closed"
    return str(one.stage) if one.stage else None


def _in_json(one: ListedIncident) -> dict[str, object]:
    return {**one.model_dump(mode="json", exclude={"ended"}), "stage": _stage(one)}


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("list")(list_)
