"""What every import of a CSV file shares: the rows that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.plural import plural
from surfaces.terminal.printing import say

Rejects = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File for rows that cannot be used [FILE.csv.rejects.csv]."),
]


def rejected_in_json(rejected: int, rejects: Path) -> dict[str, object]:
    """How many rows cannot be used, and where they are, for a machine."""
    return {"rejected": rejected, "rejects": str(rejects) if rejected else None}


def say_rejected(rejected: int, rejects: Path) -> None:
    """Print how many rows cannot be used, if any, and where they are."""
    if rejected:
        rows = plural(rejected, "row")
        say(f"{rows} cannot be used; the reasons are in {rejects}.")
