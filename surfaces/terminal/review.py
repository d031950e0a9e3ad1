"""``review``: what is said afterwards of a gate that was opened out of policy."""

from __future__ import annotations

from typing import Annotated

import typer

from client import gates
from surfaces.terminal.message_view import show_message
from surfaces.terminal.options import By, Json, Number, Slug, actor
from surfaces.terminal.session import run


def review(
    slug: Slug,
    number: Number,
    note: Annotated[str, typer.Option(help="What was found, and what should change.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Review how a gate was opened out of policy; for anybody who had no part in it.

    Example: frontfoot review site-down 1 --note "It could not wait" --as noor
    """
    who = actor(by)
    reviewed = run(lambda engine: gates.review(engine, slug, number, actor=who, note=note))
    show_message(reviewed, as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("review")(review)
