"""What every import of a CSV file checks first."""

from __future__ import annotations

from pathlib import Path

from client.errors import WrongInput


def refuse_no_file(file: Path) -> None:
    """Raise ``WrongInput`` unless there is a file to import."""
    if not file.is_file():
        raise WrongInput(f"{file} is not a file.", "Give the path of a CSV file.")
