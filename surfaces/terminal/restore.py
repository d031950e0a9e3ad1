"""``restore``: a copy of the ledger is put back in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.recovery import backup
from domain.explanation import Action, NextStep
from domain.plural import plural
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `frontfoot backup`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a ledger that has content; it is kept.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a copy of the ledger back in its place, while nothing uses it.

    The copy does not know what went out after it was taken, so every incident
    that was open then is locked: nothing is sent for it until it was compared.

    Example: frontfoot restore frontfoot-monday.backup --replace
    """
    restored = run(lambda engine: backup.restore(engine, file, replace=replace))
    if as_json:
        say_json(restored.model_dump(mode="json"))
        return
    say(f"The ledger at {restored.ledger} is the copy now.")
    if restored.aside:
        say(f"The one that was there is kept: {restored.aside}")
    if restored.locked:
        say(f"Locked until compared: {plural(len(restored.locked), 'incident')}.", "bold red")
    say("Next: start the workers, which lock incidents that this copy has never heard of, then")
    for slug in restored.locked:
        say(f"      {command_of(NextStep(action=Action.RECOVER_LEDGER, incident=slug))}")
    say(f"      {command_of(NextStep(action=Action.CHECK))}")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("restore")(restore)
