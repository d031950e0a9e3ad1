"""``close``: the end of an incident."""

from __future__ import annotations

from typing import Annotated

import typer

from client import incidents
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.session import run
from surfaces.terminal.status_view import show_incident


def close(
    slug: Slug,
    waive: Annotated[
        str,
        typer.Option(
            metavar="REASON", help="Close although something is open: the reason, for the record."
        ),
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Close an incident; refused while something about it is open.

    Example: frontfoot close site-down --as maya
    """
    who = actor(by)
    closed = run(lambda engine: incidents.close(engine, slug, actor=who, waive=waive.strip()))
    show_incident(closed, as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("close")(close)
