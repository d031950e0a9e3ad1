"""``backup``: a copy of the ledger, while it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.recovery import backup as backups
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; a new one.")],
    as_json: Json = False,
) -> None:
    """Write a consistent copy of the ledger to a new file, while everything goes on.

    It contains addresses: it is written for you alone, keep it so. The key of
    the record, Temporal's database and the secrets are not in it.

    Example: frontfoot backup frontfoot-monday.backup
    """
    size = run(lambda engine: backups.backup(engine, file))
    if as_json:
        say_json({"file": str(file), "bytes": size})
    else:
        say(f"{file} has the whole ledger ({size:,} bytes), and was checked.")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("backup")(backup)
