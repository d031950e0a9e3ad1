"""What copies of both kinds of ledger have in common: their files, and refusals."""

from __future__ import annotations

import os
from pathlib import Path

from domain.errors import DomainError
from domain.explanation import Action, NextStep

CONTENT = (
    "SELECT 1 FROM incidents LIMIT 1",
    "SELECT 1 FROM audiences LIMIT 1",
    "SELECT 1 FROM suppressions LIMIT 1",
    "SELECT 1 FROM timeline LIMIT 1",
)
"""Each finds something in a ledger in which anything was ever entered."""


def claim(path: Path) -> None:
    """Make a new file for this user alone; ``DomainError`` if there is one."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise DomainError(
            f"{path} exists, and no backup is overwritten.", "Name another file."
        ) from None


def no_copy(file: Path, database: str) -> DomainError:
    """The refusal of a file that is no copy of a ledger in ``database``."""
    if not file.is_file():
        return DomainError(f"There is no file {file}.", "Name a file that is a backup of a ledger.")
    return DomainError(
        f"{file} is not a copy of a ledger in {database}.",
        "Name a file that is a backup of a ledger in the same kind of database.",
    )


def in_use(where: str) -> DomainError:
    """The refusal to put a copy back under a process that works with the ledger."""
    return DomainError(
        f"The ledger at {where} is in use.",
        NextStep(
            action=Action.CHECK,
            advice="End every worker, receiver and command that uses it, then try again. See what "
            "still runs.",
        ),
        means="A worker that sends from a ledger while it is being replaced could send twice.",
    )
