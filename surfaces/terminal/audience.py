"""``audience``: the lists that mail goes to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from client.errors import WrongUsage
from store.files.audience_csv import AudienceReader, read_rows
from store.people import audiences
from store.people.audiences import Imported
from surfaces.terminal.importing import Rejects, refuse_no_file, rejected_in_json, say_rejected
from surfaces.terminal.options import Json
from surfaces.terminal.printing import clean, plain_table, say, say_json, screen, show
from surfaces.terminal.session import ledger, run

app = typer.Typer(help="The lists that mail goes to.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The list, with a header row.")],
    name: Annotated[str, typer.Option(help="What the audience is called here.")],
    rejects: Rejects = None,
    as_json: Json = False,
) -> None:
    """Import a CSV file of recipients into an audience; more files may follow into the same one.

    Needs a column named email. Rows that cannot be used go to a second file
    with the reason; mend them there and import that file. Importing again adds
    nobody twice.

    Example: frontfoot audience import customers.csv --name customers
    """
    if not name.strip():
        raise WrongUsage("The audience has no name.", "Add --name customers.")
    refuse_no_file(file)
    reader, imported = run(_import(file, name.strip(), rejects))
    if as_json:
        say_json(
            {
                "audience": name.strip(),
                **imported.model_dump(),
                **rejected_in_json(reader.rejected, reader.rejects),
                "doubled": reader.doubled,
                "notices": reader.notices,
            }
        )
        return
    say(f"{imported.added:,} recipients were added to {name}.", "bold")
    if imported.already_there:
        say(f"{imported.already_there:,} were in it already.")
    say_rejected(reader.rejected, reader.rejects)
    if reader.doubled:
        repeat = "repeats" if reader.doubled == 1 else "repeat"
        say(f"{reader.doubled:,} of them only {repeat} an address of this file.")
    if reader.rejected > reader.doubled:
        say("Mend them there and import that file.")
    for notice in reader.notices:
        say(notice, "yellow")


async def _import(file: Path, name: str, rejects: Path | None) -> tuple[AudienceReader, Imported]:
    with _bar() as bar:
        task = bar.add_task(f"Importing {file.name}", total=1.0, rate="")

        def read_so_far(done: int, total: int) -> None:
            bar.update(task, completed=done / total if total else 1.0)

        def stored_so_far(rows: int) -> None:
            bar.update(task, rate=_rate(bar, task, rows))

        reader = read_rows(file, rejects, read_so_far)
        async with ledger(upgrade=True) as database:
            with reader:
                imported = await audiences.import_rows(database, name, reader, stored_so_far)
    return reader, imported


def _bar() -> Progress:
    """A bar on stderr: stdout is for the result. Nothing where nobody looks."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        console=screen(error=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _rate(bar: Progress, task: TaskID, rows: int) -> str:
    seconds = bar.tasks[task].elapsed or 0.0
    return f"{rows:,} rows, {rows / seconds:,.0f}/s" if seconds else f"{rows:,} rows"


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the audiences and how many recipients each has.

    Example: frontfoot audience list
    """
    found = run(_list())
    if as_json:
        say_json([one.model_dump() for one in found])
        return
    if not found:
        say(
            "There are no audiences. frontfoot audience import FILE.csv --name customers makes one."
        )
        return
    table = plain_table("AUDIENCE", "RECIPIENTS")
    for one in found:
        table.add_row(clean(one.name), f"{one.recipients:,}")
    show(table)


async def _list() -> list[audiences.Audience]:
    async with ledger() as database:
        return await audiences.list_audiences(database)


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="audience")
