"""``suppressions``: the addresses that must not be written to, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from client import suppressions
from client.engine import Engine
from client.errors import WrongInput
from client.suppressions import Classes, Suppression, SuppressionCount
from domain.message import MessageClass
from domain.plural import plural
from domain.suppression import SuppressionReason, covered_by
from surfaces.terminal.importing import (
    AddressColumn,
    ListFile,
    Rejects,
    Strict,
    Why,
    end,
    say_imported,
)
from surfaces.terminal.options import By, Json, person
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run

app = typer.Typer(
    help="The addresses that must not be written to, each with its reason.", no_args_is_help=True
)


class ClassOption(StrEnum):
    """What an entry covers, as it is typed."""

    GOODWILL = "goodwill"
    SAFETY = "safety"
    ALL = "all"


Covers = Annotated[
    ClassOption | None,
    typer.Option(
        "--class",
        help="Which class of message to stop. By default the reason decides: people who "
        "unsubscribed or complained still get safety notices, the others get nothing.",
    ),
]
Reason = Annotated[SuppressionReason, typer.Option(help="Why they must not be written to.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An e-mail address.")]


@app.command("import")
def import_(
    file: ListFile,
    reason: Reason = SuppressionReason.UNSUBSCRIBED,
    covers: Covers = None,
    by: By = "",
    why: Why = "",
    address_column: AddressColumn = "",
    rejects: Rejects = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Put every address of a CSV file on the list; importing it again changes nothing.

    Needs a column of addresses. Rows that cannot be used go to a second file
    with the reason. The exit code is 3 if no row could be used.

    Example: frontfoot suppressions import left.csv --reason unsubscribed --as maya
    """
    classes, who = _classes(covers, reason), person(by)
    imported = run(
        lambda engine: suppressions.import_suppressions(
            engine,
            file,
            reason,
            classes,
            by=who,
            why=why,
            address_column=address_column,
            rejects=rejects,
        ),
        upgrade=True,
    )
    entered = imported.entered
    read = plural(entered.read, "address was", "addresses were")
    say_imported(
        f"{read} read, {plural(entered.added, 'entry is', 'entries are')} new.",
        [],
        entered.model_dump(),
        imported.report,
        as_json=as_json,
    )
    end(imported.report, strict=strict)


@app.command("list")
def list_(
    show_addresses: Annotated[bool, typer.Option("--show", help="Show the addresses too.")] = False,
    as_json: Json = False,
) -> None:
    """Count the entries by reason, what they cover, and where they came from.

    Example: frontfoot suppressions list
    """
    counted, entries = run(lambda engine: _read(engine, show_addresses))
    if as_json:
        listed = [one.model_dump(mode="json") for one in entries]
        counts = [one.model_dump() for one in counted]
        say_json({"counts": counts, "entries": listed} if show_addresses else {"counts": counts})
        return
    if not counted:
        say("The list is empty.")
        return
    table = plain_table("REASON", "COVERS", "FROM", "ENTRIES")
    for one in counted:
        table.add_row(
            clean(one.reason), _covers(one.message_class), clean(one.source), f"{one.addresses:,}"
        )
    show(table)
    if show_addresses:
        say("")
        table = plain_table("ADDRESS", "REASON", "COVERS", "FROM", "SINCE (UTC)")
        for entry in entries:
            covers = _covers(entry.message_class)
            since = moment(entry.at)
            table.add_row(
                clean(entry.mailbox), clean(entry.reason), covers, clean(entry.source), since
            )
        show(table)


async def _read(
    engine: Engine, show_addresses: bool
) -> tuple[list[SuppressionCount], list[Suppression]]:
    counted = await suppressions.count_suppressions(engine)
    return counted, await suppressions.list_suppressions(engine) if show_addresses else []


@app.command()
def add(
    address: Address,
    reason: Reason = SuppressionReason.REQUESTED,
    covers: Covers = None,
    by: By = "",
    why: Why = "",
) -> None:
    """Put one address on the list.

    Example: frontfoot suppressions add ann@example.com --as sam --why "asked by phone"
    """
    classes, who = _classes(covers, reason), person(by)
    added = run(
        lambda engine: suppressions.add_suppression(
            engine, address, reason, classes, by=who, why=why
        ),
        upgrade=True,
    )
    say("It is now on the list." if added else "It was already on the list.")


@app.command()
def remove(
    address: Address,
    by: By = "",
    why: Why = "",
    covers: Annotated[
        ClassOption, typer.Option("--class", help="What may be sent again.")
    ] = ClassOption.ALL,
) -> None:
    """Take an address off the list; who did it and why is recorded.

    The mail provider has lists of its own and may go on dropping mail to this
    address, so take it off there too.

    Example: frontfoot suppressions remove ann@example.com --as sam --why "wrote to us"
    """
    who = person(by)
    if not why.strip():
        raise WrongInput(
            "Why may this address be written to again? The log needs a reason.",
            'Add --why "…".',
        )
    of = None if covers is ClassOption.ALL else MessageClass(covers.value)
    taken = run(
        lambda engine: suppressions.remove_suppression(
            engine, address, by=who, why=why.strip(), message_class=of
        ),
        upgrade=True,
    )
    what = ", ".join(f"{clean(one.reason)} ({_covers(one.message_class)})" for one in taken)
    say(f"It is off the list. It was on it for: {what}.")
    say("The mail provider has lists of its own: take the address off there too.")


@app.command()
def sync(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="A mail channel.")],
    by: By = "terminal",
    as_json: Json = False,
) -> None:
    """Enter every address that the mail provider no longer writes to.

    Reads the provider's lists with the worker's credentials; nothing is changed
    there, and nothing is taken off here. Repeating it is harmless.

    Example: frontfoot suppressions sync email
    """
    who = by.strip() or "terminal"
    entered = run(
        lambda engine: suppressions.sync_suppressions(engine, channel, by=who), upgrade=True
    )
    if as_json:
        say_json(entered.model_dump())
        return
    read = plural(entered.read, "entry was", "entries were")
    say(f"{read} read, {plural(entered.added, 'is', 'are')} new here.", "bold")
    if entered.unreadable:
        say(f"{plural(entered.unreadable, 'is no usable address', 'are no usable addresses')}.")


def _classes(covers: ClassOption | None, reason: SuppressionReason) -> Classes:
    if covers is None:
        return covered_by(reason)
    return (None if covers is ClassOption.ALL else MessageClass(covers.value),)


def _covers(message_class: str) -> str:
    return clean(message_class) or "everything"


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="suppressions")
