"""What every import of a CSV file shares: its options, and what became of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.csv_files import ImportReport
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.printing import say, say_json

Rejects = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File for rows that cannot be used [FILE.csv.rejects.csv]."),
]
AddressColumn = Annotated[
    str,
    typer.Option(metavar="NAME", help="The column of addresses, by its name or number."),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="End with 3 if a row cannot be used; the others are in."),
]


def say_imported(
    said: str, more: list[str], counts: dict[str, object], report: ImportReport, *, as_json: bool
) -> None:
    """Print the result of an import: a heading and more sentences, or counts for a machine."""
    if as_json:
        say_json({**counts, **report.model_dump(mode="json")})
        return
    say(said, "bold")
    for sentence in more:
        say(sentence)
    _say_rejected(report)
    for notice in report.notices:
        say(notice, "yellow")


def end(report: ImportReport, *, strict: bool) -> None:
    """End with the exit code for a refusal if nothing was usable, or not all and it had to be."""
    if not report.usable or (strict and report.rejected):
        raise typer.Exit(ExitCode.REFUSED)


def _say_rejected(report: ImportReport) -> None:
    """Print how many rows cannot be used, if any, some of the reasons, and where all are."""
    if not report.usable and not report.rejected:
        say("The file has a header and no rows: export it again.", "yellow")
    if not report.rejected:
        return
    where = f"; the reasons are in {report.rejects}" if report.rejects else ""
    say(f"{plural(report.rejected, 'row')} cannot be used{where}.")
    for row in report.first_rejected:
        say(f"  line {row.line:,}: {row.reason}")
    others = report.rejected - len(report.first_rejected)
    if others:
        say(f"  … and {others:,} more")
    if report.doubled:
        repeat = "repeats" if report.doubled == 1 else "repeat"
        say(f"{report.doubled:,} of them only {repeat} a row before.")
    if report.rejects and report.rejected > report.doubled:
        say("Fix them in that file and import it.")
