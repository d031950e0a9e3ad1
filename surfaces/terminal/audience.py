"""``audience``: the lists that mail goes to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.audiences import AudienceImported, import_audience, list_audiences
from client.incidents import set_audiences
from domain.explanation import Action, NextStep
from domain.message_state import MessagePhase
from domain.plural import plural
from surfaces.terminal.importing import (
    AddressColumn,
    ListFile,
    Rejects,
    Strict,
    end,
    import_bar,
    say_imported,
)
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of, in_words

app = typer.Typer(help="The lists that mail goes to.", no_args_is_help=True)


@app.command("import")
def import_(
    file: ListFile,
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
    with import_bar(file) as bar:
        return run(
            lambda engine: import_audience(
                engine,
                file,
                name,
                address_column=address_column,
                rejects=rejects,
                read=bar.read,
                stored=bar.stored,
            ),
            upgrade=True,
        )


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the audiences and how many recipients each has.

    Example: frontfoot audience list
    """
    found = run(list_audiences)
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        importing = NextStep(action=Action.IMPORT_AUDIENCE, advice="Import one.")
        say(f"There are no audiences. {in_words(importing)}")
        return
    table = plain_table("AUDIENCE", "RECIPIENTS", "IMPORTED (UTC)")
    for one in found:
        imported = moment(one.imported_at) if one.imported_at else ""
        table.add_row(clean(one.name), f"{one.recipients:,}", imported)
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
