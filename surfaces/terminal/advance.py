"""``advance``: moving an incident to another stage."""

from __future__ import annotations

from typing import Annotated

import typer

from client import incidents
from domain.stage import Stage
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.session import run
from surfaces.terminal.status_view import show_incident

# Closing is not a move: it has conditions, and a command, of its own.
_STAGES = ", ".join(stage for stage in Stage if stage is not Stage.CLOSED)


def _stage_of(text: str) -> Stage:
    try:
        return Stage(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is none of {_STAGES}.") from error


def advance(
    slug: Slug,
    stage: Annotated[
        Stage,
        typer.Argument(metavar="STAGE", help=f"The stage to move to: {_STAGES}.", parser=_stage_of),
    ],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Move an incident to another stage; `frontfoot close` closes it.

    Proposing a message does this by itself; use it to go on, or back, without one.

    Example: frontfoot advance site-down assure --as maya
    """
    who = actor(by)
    show_incident(run(lambda engine: incidents.advance(engine, slug, stage, actor=who)), as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("advance")(advance)
