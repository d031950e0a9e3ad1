"""``follow-up``: what a resolution said would be done, and what to say once it is."""

from __future__ import annotations

import typer

from client.follow_up import follow_up as read_follow_up
from domain.times import show_day
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run


def follow_up(slug: Slug, as_json: Json = False) -> None:
    """Show the prevention that an incident promised, its day, and words for when it is done.

    Example: frontfoot follow-up site-down
    """
    found = run(lambda engine: read_follow_up(engine, slug))
    if as_json:
        say_json(found.model_dump(mode="json") if found else {})
    elif found is None:
        say("Nothing was promised: the facts of this incident have no prevention.")
    else:
        due = show_day(found.due) if found.due else "no day"
        say(f"{found.prevention} ({found.owner or 'nobody named'}, {due})", "bold")
        say("If it is done, say so where people were told. For example:")
        say(found.text)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("follow-up")(follow_up)
