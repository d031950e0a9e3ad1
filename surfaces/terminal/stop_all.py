"""``stop-all``: nothing more of an incident goes out."""

from __future__ import annotations

from typing import Annotated

import typer

from client.stopping import Changed, stop_all
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run
from surfaces.terminal.wording import told

LATER = "Temporal does not answer; its timeline hears of this when it does."


def stop(
    slug: Slug,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Stop everything of an incident: no further post or mail begins until you resume it.

    What is on the wire at this moment ends by itself. The status page stays up as it is.

    Example: frontfoot stop-all site-down --reason "Wrong link" --as maya
    """
    who = actor(by)
    changed = run(lambda engine: stop_all(engine, slug, actor=who, reason=reason))
    if as_json:
        say_json(changed.model_dump(mode="json"))
        return
    say(told(changed.stop.explanation()))
    note_untold(changed)


def note_untold(changed: Changed) -> None:
    """Say that the timeline has not heard of it, if so."""
    if not changed.told:
        say(LATER)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("stop-all")(stop)
