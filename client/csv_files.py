"""What every import of a CSV file shares: the file before it, and the report after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from client.errors import WrongInput
from domain.model import Value
from store.files.csv_import import CsvImport


class RejectedRow(Value):
    """One row that cannot be used: its line in the file, and the reason."""

    line: int
    reason: str


class RejectedFor(Value):
    """How many rows cannot be used for one reason."""

    reason: str
    rows: int


class ImportReport(Value):
    """What became of the rows of a file.

    ``doubled`` of the ``rejected`` rows only repeat one before. ``rejects`` is the file with the
    rejected rows and the reasons, if there are any and it could be written; ``first_rejected`` are
    some of them in any case, and ``reasons`` has how many there are of each, the most first.
    """

    usable: int
    rejected: int
    doubled: int
    rejects: Path | None
    first_rejected: tuple[RejectedRow, ...]
    reasons: tuple[RejectedFor, ...]
    notices: tuple[str, ...]


def refuse_no_file(file: Path) -> None:
    """Raise ``WrongInput`` unless there is a file to import."""
    if not file.is_file():
        raise WrongInput(f"{file} is not a file.", "Give the path of a CSV file.")


def report_of(reader: CsvImport[Any]) -> ImportReport:
    """What became of the rows that ``reader`` has read."""
    rejects = reader.rejects
    lost = (
        f"The rejected rows could not be written to {rejects.path} ({rejects.lost}). Name another "
        "file with --rejects and import the list again: nothing is added twice."
    )
    return ImportReport(
        usable=reader.accepted,
        rejected=rejects.count,
        doubled=reader.doubled,
        rejects=rejects.path if rejects.written else None,
        first_rejected=tuple(
            RejectedRow(line=line, reason=reason) for line, reason in rejects.first
        ),
        reasons=tuple(
            RejectedFor(reason=reason, rows=rows) for reason, rows in rejects.reasons.most_common()
        ),
        notices=(*reader.notices, *([lost] if rejects.lost else [])),
    )
