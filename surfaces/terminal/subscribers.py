"""``subscribers``: who subscribed to the status page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client import subscribers
from domain.plural import plural
from surfaces.terminal.importing import (
    AddressColumn,
    ListFile,
    Rejects,
    Strict,
    Why,
    end,
    import_bar,
    say_imported,
)
from surfaces.terminal.options import By, Json, person
from surfaces.terminal.printing import clock, say, say_json
from surfaces.terminal.session import run

app = typer.Typer(help="Who subscribed to the status page.", no_args_is_help=True)


@app.command("import")
def import_(
    file: ListFile,
    by: By = "",
    why: Why = "",
    address_column: AddressColumn = "",
    rejects: Rejects = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Subscribe everybody in a CSV file who confirmed elsewhere that they want to be told.

    They are not asked again. Whoever has unsubscribed here stays so, and
    importing again changes nothing. A column components may say what they chose,
    names separated by semicolons.

    Example: frontfoot subscribers import old-page.csv --as maya
    """
    who = person(by)
    with import_bar(file) as bar:
        imported = run(
            lambda engine: subscribers.import_subscribers(
                engine,
                file,
                by=who,
                why=why.strip(),
                address_column=address_column,
                rejects=rejects,
                read=bar.read,
                stored=bar.stored,
            ),
            upgrade=True,
        )
    more = []
    if imported.already_there:
        more.append(f"{plural(imported.already_there, 'was', 'were')} subscribed already.")
    if imported.had_left:
        left = plural(imported.had_left, "has unsubscribed", "have unsubscribed")
        more.append(f"{left} here before, and {'stays' if imported.had_left == 1 else 'stay'} so.")
    say_imported(
        f"{plural(imported.added, 'subscriber was', 'subscribers were')} added.",
        more,
        imported.model_dump(exclude={"report"}),
        imported.report,
        as_json=as_json,
    )
    end(imported.report, strict=strict)


@app.command()
def status(as_json: Json = False) -> None:
    """Count the subscribers, and the mails that ask for a confirmation.

    Example: frontfoot subscribers status
    """
    counts = run(subscribers.count_subscribers)
    if as_json:
        say_json(counts.model_dump(mode="json"))
        return
    chose = f", {counts.choosing:,} of them to some components only" if counts.choosing else ""
    say(f"{plural(counts.confirmed, 'is subscribed', 'are subscribed')}{chose}.", "bold")
    if counts.unsubscribed:
        say(f"{plural(counts.unsubscribed, 'has unsubscribed', 'have unsubscribed')}.")
    if counts.waiting:
        say(f"{plural(counts.waiting, 'has', 'have')} asked and not confirmed it yet.")
    if counts.mails:
        mails = ", ".join(f"{many:,} {state}" for state, many in counts.mails.items())
        last = (
            f"; the last was asked for {clock(counts.last_asked_at)}"
            if counts.last_asked_at
            else ""
        )
        say(f"Mails that asked for a confirmation in the last week: {mails}{last}.")
    if counts.mails.get("unknown"):
        say("An unknown one may have gone out, and is not sent again: its owner can ask anew.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Where to write them.")],
) -> None:
    """Write every subscriber to a CSV file that only your user may read.

    Example: frontfoot subscribers export .frontfoot/subscribers.csv
    """
    many = run(lambda engine: subscribers.export_subscribers(engine, file))
    said = plural(many, "subscriber was", "subscribers were")
    say(f"{said} written to {file}. Only your user may read it.", "bold")


@app.command()
def forget(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An e-mail address.")],
    by: By = "",
    why: Why = "",
) -> None:
    """Delete all that is known of an address as a subscriber; who did it is recorded.

    An audience of customers and the suppressions stay as they are.

    Example: frontfoot subscribers forget ann@example.com --as sam --why "asked us to"
    """
    who = person(by)
    run(
        lambda engine: subscribers.forget_subscriber(engine, address, by=who, why=why.strip()),
        upgrade=True,
    )
    say("It is deleted. What the mail provider keeps has to be deleted there.")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="subscribers")
