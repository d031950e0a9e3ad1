"""What every import of a CSV file shares: its options, and what became of the rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from client.csv_files import ImportReport
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.printing import say, say_json, screen

ListFile = Annotated[Path, typer.Argument(metavar="FILE.csv", help="The list, with a header row.")]
Why = Annotated[str, typer.Option("--why", metavar="WORDS", help="For the log.")]
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


class ImportBar:
    """How far an import is: ``read`` with bytes read and in all, ``stored`` with rows done."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def read(self, done: int, total: int) -> None:
        """Show how much of the file has been read."""
        self._progress.update(self._task, completed=done / total if total else 1.0)

    def stored(self, rows: int) -> None:
        """Show how many rows are in, and how fast."""
        seconds = self._progress.tasks[self._task].elapsed or 0.0
        shown = plural(rows, "row")
        rate = f"{shown}, {rows / seconds:,.0f}/s" if seconds else shown
        self._progress.update(self._task, rate=rate)


@contextmanager
def import_bar(file: Path) -> Iterator[ImportBar]:
    """A progress bar on stderr, because stdout is for the result; none without a terminal."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        console=screen(error=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        yield ImportBar(progress, progress.add_task(f"Importing {file.name}", total=1.0, rate=""))


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
