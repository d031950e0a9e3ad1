"""``audience``: the lists that mail goes to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from client.audiences import AudienceImported, import_audience, list_audiences
from client.incidents import set_audiences
from domain.explanation import Action, NextStep
from domain.message_state import MessagePhase
from domain.plural import plural
from surfaces.terminal.importing import AddressColumn, Rejects, Strict, end, say_imported
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import clean, plain_table, say, say_json, screen, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of, in_words

app = typer.Typer(help="The lists that mail goes to.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The list, with a header row.")],
    name: Annotated[str, typer.Option(help="What the audience is called here.")],
    address_column: AddressColumn = "",
    rejects: Rejects = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Import a CSV file of recipients into an audience; you can import more files into it.

    Needs a column of addresses. Rows that cannot be used go to a second file
    with the reason; fix them there and import that file. Importing again adds
    nobody twice. The exit code is 3 if no row could be used.

    Example: frontfoot audience import customers.csv --name customers
    """
    imported = _import(file, name, address_column, rejects)
    added = plural(imported.added, "recipient was", "recipients were")
    already = f"{plural(imported.already_there, 'was', 'were')} in it already."
    say_imported(
        f"{added} added to {imported.audience}.",
        [already] if imported.already_there else [],
        imported.model_dump(exclude={"report"}),
        imported.report,
        as_json=as_json,
    )
    end(imported.report, strict=strict)


def _import(file: Path, name: str, address_column: str, rejects: Path | None) -> AudienceImported:
    with _bar() as bar:
        task = bar.add_task(f"Importing {file.name}", total=1.0, rate="")

        def read_so_far(done: int, total: int) -> None:
            bar.update(task, completed=done / total if total else 1.0)

        def stored_so_far(rows: int) -> None:
            bar.update(task, rate=_rate(bar, task, rows))

        return run(
            lambda engine: import_audience(
                engine,
                file,
                name,
                address_column=address_column,
                rejects=rejects,
                read=read_so_far,
                stored=stored_so_far,
            ),
            upgrade=True,
        )


def _bar() -> Progress:
    """A progress bar on stderr, because stdout is for the result; none without a terminal."""
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
    shown = plural(rows, "row")
    return f"{shown}, {rows / seconds:,.0f}/s" if seconds else shown


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the audiences and how many recipients each has.

    Example: frontfoot audience list
    """
    found = run(list_audiences)
    if as_json:
        say_json([one.model_dump() for one in found])
        return
    if not found:
        importing = NextStep(action=Action.IMPORT_AUDIENCE, advice="Import one.")
        say(f"There are no audiences. {in_words(importing)}")
        return
    table = plain_table("AUDIENCE", "RECIPIENTS")
    for one in found:
        table.add_row(clean(one.name), f"{one.recipients:,}")
    show(table)


@app.command("set")
def set_(
    slug: Slug,
    names: Annotated[
        list[str], typer.Argument(metavar="NAME…", help="One or more imported audiences.")
    ],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Choose who gets an incident's mail, as long as nothing has begun to go out.

    Example: frontfoot audience set site-down customers --as maya
    """
    who = actor(by)
    status = run(lambda engine: set_audiences(engine, slug, names, actor=who))
    if as_json:
        say_json(status.model_dump(mode="json"))
        return
    say(f"The mail of {slug} goes to {', '.join(status.audiences)}.", "bold")
    for message in status.messages:
        if message.phase is MessagePhase.WAITING:
            revising = NextStep(action=Action.REVISE, incident=slug, message=message.number)
            say(f"Message {message.number} was written before: {command_of(revising)}", "yellow")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="audience")
