"""``scorecard``: what was promised to people in an incident, and whether it was kept."""

from __future__ import annotations

import typer

from client.scorecard import scorecard as read_scorecard
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import say_json, show
from surfaces.terminal.scorecard_view import scorecard_view
from surfaces.terminal.session import run


def scorecard(slug: Slug, as_json: Json = False) -> None:
    """Show every promise of a next update, what became of it, and when the first word was out.

    Example: frontfoot scorecard site-down
    """
    found = run(lambda engine: read_scorecard(engine, slug))
    if as_json:
        say_json(found.model_dump(mode="json"))
    else:
        show(scorecard_view(found))


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("scorecard")(scorecard)
