"""``suppressions``: the addresses that must not be written to, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from client.checks.channel_process import Answer, ask_channels
from client.errors import CommandFailed, WrongUsage
from domain.message import MessageClass
from domain.suppression import ListedAddress, SuppressionReason, covered_by
from store.files.audience_csv import AudienceReader, read_rows
from store.people import suppression_list
from store.people.suppression_list import (
    Classes,
    Entered,
    Suppression,
    SuppressionCount,
)
from surfaces.terminal.options import By, Json, person
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import ledger, load_settings, run

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
        help="What is not to be sent any more. Left out, the reason decides: who unsubscribed or "
        "complained still gets safety notices, the others get nothing.",
    ),
]
Reason = Annotated[SuppressionReason, typer.Option(help="Why they must not be written to.")]
Why = Annotated[str, typer.Option("--why", metavar="WORDS", help="For the log.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An e-mail address.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The list, with a header row.")],
    reason: Reason = SuppressionReason.UNSUBSCRIBED,
    covers: Covers = None,
    by: By = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Put every address of a CSV file on the list; importing it again changes nothing.

    Needs a column named email. Rows that cannot be used go to a second file
    with the reason.

    Example: frontfoot suppressions import left.csv --reason unsubscribed --as maya
    """
    if not file.is_file():
        raise WrongUsage(f"{file} is not a file.", "Give the path of a CSV file.")
    reader, entered = run(_import(file, reason, _classes(covers, reason), person(by), why))
    if as_json:
        rejects = str(reader.rejects) if reader.rejected else None
        say_json({**entered.model_dump(), "rejected": reader.rejected, "rejects": rejects})
        return
    say(f"{entered.read:,} addresses were read, {entered.added:,} entries are new.", "bold")
    if reader.rejected:
        say(f"{reader.rejected:,} rows cannot be used; the reasons are in {reader.rejects}.")
    for notice in reader.notices:
        say(notice, "yellow")


async def _import(
    file: Path, reason: SuppressionReason, classes: Classes, by: str, why: str
) -> tuple[AudienceReader, Entered]:
    reader = read_rows(file)
    async with ledger(upgrade=True) as database:
        with reader:
            entered = await suppression_list.import_addresses(
                database,
                _addresses(reader),
                classes,
                reason.value,
                who=by,
                why=why,
                at=datetime.now(UTC),
            )
    return reader, entered


def _addresses(reader: AudienceReader) -> Iterator[str]:
    return (row.address for row in reader)


@app.command("list")
def list_(
    show_addresses: Annotated[
        bool, typer.Option("--show", help="Show the addresses themselves too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Count the entries by reason, what they cover, and where they came from.

    Example: frontfoot suppressions list
    """
    counted, entries = run(_list(show_addresses))
    if as_json:
        listed = [one.model_dump(mode="json") for one in entries]
        counts = [one.model_dump() for one in counted]
        say_json({"counts": counts, "entries": listed} if show_addresses else {"counts": counts})
        return
    if not counted:
        say("Nobody is on the list.")
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


async def _list(show_addresses: bool) -> tuple[list[SuppressionCount], list[Suppression]]:
    async with ledger() as database:
        counted = await suppression_list.counts(database)
        if not show_addresses:
            return counted, []
        return counted, [one async for one in suppression_list.entries(database)]


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
    added = run(_add(address, reason, _classes(covers, reason), person(by), why))
    say("It is on the list now." if added else "It was on the list already.")


async def _add(address: str, reason: SuppressionReason, classes: Classes, by: str, why: str) -> int:
    async with ledger(upgrade=True) as database:
        return await suppression_list.add_by_person(
            database, address, classes, reason.value, who=by, why=why, at=datetime.now(UTC)
        )


@app.command()
def remove(
    address: Address,
    by: By = "",
    why: Why = "",
    covers: Annotated[
        ClassOption, typer.Option("--class", help="What may be sent again.")
    ] = ClassOption.ALL,
) -> None:
    """Take an address off the list; who and why is kept.

    The mail provider has lists of its own and may go on dropping mail to this
    address: take it off there too.

    Example: frontfoot suppressions remove ann@example.com --as sam --why "wrote to us"
    """
    who = person(by)
    if not why.strip():
        raise WrongUsage(
            "Why may this address be written to again? The record has to say.",
            'Add --why "…".',
        )
    taken = run(_remove(address, who, why.strip(), covers))
    what = ", ".join(f"{clean(one.reason)} ({_covers(one.message_class)})" for one in taken)
    say(f"It is off the list. It was on it for: {what}.")
    say("The mail provider has lists of its own: take the address off there too.")


async def _remove(address: str, by: str, why: str, covers: ClassOption) -> list[Suppression]:
    of = None if covers is ClassOption.ALL else MessageClass(covers.value)
    async with ledger(upgrade=True) as database:
        return await suppression_list.remove(
            database, address, who=by, why=why, at=datetime.now(UTC), message_class=of
        )


@app.command()
def sync(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="A mail channel.")],
    by: By = "terminal",
    as_json: Json = False,
) -> None:
    """Enter everybody whom the mail provider does not write to any more.

    Reads the provider's lists with the worker's credentials; nothing is changed
    there, and nothing is taken off here. Again is harmless.

    Example: frontfoot suppressions sync email
    """
    settings = load_settings()
    if channel not in settings.channels:
        raise WrongUsage(
            f"{channel[:40]!r} is not a configured channel.",
            f"FRONTFOOT_CHANNELS names {', '.join(settings.channels)}.",
        )
    entered = run(_sync(channel, by.strip() or "terminal"))
    if as_json:
        say_json(entered.model_dump())
        return
    say(f"{entered.read:,} entries were read, {entered.added:,} are new here.", "bold")
    if entered.unreadable:
        say(f"{entered.unreadable:,} are no addresses that anybody could write to.")


async def _sync(channel: str, by: str) -> Entered:
    async with ledger(upgrade=True) as database:
        answers = ask_channels(load_settings(), "suppressions", channel)
        return await suppression_list.enter_listed(
            database, channel, _listed(answers), who=by, at=datetime.now(UTC)
        )


async def _listed(answers: AsyncIterator[Answer]) -> AsyncIterator[ListedAddress]:
    async for answer in answers:
        try:
            yield ListedAddress(
                str(answer["address"]),
                SuppressionReason(str(answer["reason"])),
                datetime.fromisoformat(str(answer["since"])),
            )
        except (KeyError, ValueError) as error:
            raise CommandFailed(
                "The channel's answer cannot be read.", "Is it of another version?"
            ) from error


def _classes(covers: ClassOption | None, reason: SuppressionReason) -> Classes:
    if covers is None:
        return covered_by(reason)
    return (None if covers is ClassOption.ALL else MessageClass(covers.value),)


def _covers(message_class: str) -> str:
    return clean(message_class) or "everything"


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="suppressions")
