"""``advance``: moving an incident to another stage."""

from __future__ import annotations

from typing import Annotated

import typer

from client import incidents
from domain.stage import Stage
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.session import run
from surfaces.terminal.status_view import show_incident


def advance(
    slug: Slug,
    stage: Annotated[Stage, typer.Argument(metavar="STAGE", help="The stage to move to.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Move an incident to another stage.

    Proposing a message does this by itself; use it to go on, or back, without one.

    Example: frontfoot advance site-down assure --as maya
    """
    who = actor(by)
    show_incident(run(lambda engine: incidents.advance(engine, slug, stage, actor=who)), as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("advance")(advance)
