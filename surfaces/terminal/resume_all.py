"""``resume-all``: what was stopped goes on."""

from __future__ import annotations

import typer

from client.stopping import resume_all
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run
from surfaces.terminal.stop_all import note_untold


def resume(slug: Slug, by: By = "", as_json: Json = False) -> None:
    """Let everything of an incident go on exactly where it was stopped.

    Mail that was paused by itself stays paused, and what has become too old is not sent.

    Example: frontfoot resume-all site-down --as maya
    """
    who = actor(by)
    changed = run(lambda engine: resume_all(engine, slug, actor=who))
    if as_json:
        say_json(changed.model_dump(mode="json"))
        return
    say(f"{slug} goes on where it was stopped.")
    note_untold(changed)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("resume-all")(resume)
