"""``desk hand-over``: give all that one has claimed to somebody else."""

from __future__ import annotations

from typing import Annotated

import typer

from client.desk_shifts import hand_over
from domain.plural import plural
from surfaces.terminal.options import By, actor
from surfaces.terminal.printing import say
from surfaces.terminal.session import run


def give(
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Who takes them over.")],
    by: By = "",
) -> None:
    """Hand over all open mentions that you have claimed. Drafts stay with them.

    Example: frontfoot desk hand-over --to dana --as sam
    """
    who = actor(by)
    moved = run(lambda engine: hand_over(engine, to, actor=who))
    say(f"{plural(moved, 'mention')} {'is' if moved == 1 else 'are'} {to.strip()}'s now.")
    say(f"{to.strip()} finds them with: frontfoot desk list --mine {to.strip()}")


def add_to(app: typer.Typer) -> None:
    """Add this command to ``desk``."""
    app.command("hand-over")(give)
