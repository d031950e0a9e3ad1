"""``propose``, ``revise``, ``show`` and ``facts``: writing what is to be said."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from temporalio.client import Client

from client import incidents
from client.errors import WrongUsage
from domain.facts import Facts
from domain.message import Document, MessageKind
from domain.status import IncidentStatus, MessageStatus
from domain.suggest import did_you_mean
from store.kernel.database import Database
from surfaces.terminal.copy_view import document_view
from surfaces.terminal.options import By, Json, Number, Slug, person, promised_time
from surfaces.terminal.printing import say, say_json, show
from surfaces.terminal.session import ledger, run
from surfaces.terminal.status_view import message_view
from wiring import connect

TextFile = Annotated[
    Path | None,
    typer.Option("--text-file", metavar="FILE", help="Free copy from a file; - reads stdin."),
]
TextOption = Annotated[
    str | None, typer.Option("--text", metavar="TEXT", help="Free copy in place of the template.")
]
Subject = Annotated[
    str | None, typer.Option(metavar="TEXT", help="The mail's subject, with free copy.")
]
Other = Annotated[
    list[str] | None,
    typer.Option(
        "--for",
        metavar="CHANNEL=FILE",
        help="Other words for one channel, with free copy; may be repeated.",
    ),
]
NextUpdate = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="What the copy promises: 45m, 2h, or a time of day in UTC such as 15:30.",
    ),
]


def propose(
    slug: Slug,
    kind: Annotated[MessageKind, typer.Argument(metavar="KIND", help="What the message is for.")],
    text_file: TextFile = None,
    text: TextOption = None,
    subject: Subject = None,
    other: Other = None,
    next_update_by: NextUpdate = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Propose a message and put it before its gate; nothing goes out before it is signed.

    The copy comes from the playbook's templates and the facts, unless you bring your own.

    Example: frontfoot propose site-down announcement --next-update-by 45m --as maya
    """
    write = partial(
        incidents.propose,
        kind=kind,
        by=person(by),
        copy=_free_copy(text, text_file, subject, other),
        next_update_by=_promised(next_update_by),
    )
    _put_to_signing(slug, write, as_json)


def revise(
    slug: Slug,
    number: Number,
    text_file: TextFile = None,
    text: TextOption = None,
    subject: Subject = None,
    other: Other = None,
    next_update_by: NextUpdate = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Write a waiting message anew; whoever signed the old words has to sign again.

    Without free copy it is made from the templates again, with the facts as they are now.

    Example: frontfoot revise site-down 1 --text-file better.txt --as maya
    """
    write = partial(
        incidents.revise,
        message=number,
        by=person(by),
        copy=_free_copy(text, text_file, subject, other),
        next_update_by=_promised(next_update_by),
    )
    _put_to_signing(slug, write, as_json)


def show_copy(
    slug: Slug,
    number: Number,
    channel: Annotated[
        str | None, typer.Option(metavar="CHANNEL", help="Only this channel's copy.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the exact copy that the approvers of a message sign.

    Example: frontfoot show site-down 1 --channel twitter
    """

    async def work() -> tuple[MessageStatus, Document]:
        client = await connect()
        message = incidents.message_of(await incidents.status(client, slug), number)
        async with ledger() as database:
            return message, await incidents.load_document(database, slug, message)

    message, document = run(work())
    if channel is not None and channel not in {copy.channel for copy in document.copies}:
        names = ", ".join(copy.channel for copy in document.copies)
        raise WrongUsage(f"Message {number} does not go to {channel!r}.", f"It goes to {names}.")
    if as_json:
        content = document.model_dump(mode="json")
        say_json({**content, "digest": message.digest, "gate": message.gate})
        return
    show(document_view(document, message.digest, channel))


def facts(
    slug: Slug,
    fix: Annotated[str | None, typer.Option(help="What ended it.")] = None,
    prevention: Annotated[
        str | None, typer.Option(help="What makes sure that it cannot happen again.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for the prevention.")] = None,
    due: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="By when it is in place.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=TEXT", help="Any other fact; may be repeated."),
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Record what is known so far; what was recorded before stays.

    An empty text takes a fact back. The words go into the next message, not out by themselves.

    Example: frontfoot facts site-down --set cause="A stolen token" --fix "All tokens replaced"
    """
    by = person(by)
    given = _given_facts(
        {"fix": fix, "prevention": prevention, "prevention_owner": owner, "prevention_due": due},
        settings or [],
    )

    async def work() -> IncidentStatus:
        client = await connect()
        async with ledger() as database:
            return await incidents.record_facts(client, database, slug, by=by, facts=given)

    status = run(work())
    if as_json:
        say_json(status.model_dump(mode="json"))
        return
    say(f"Known about {slug}: {', '.join(status.facts_filled) or 'nothing yet'}.")
    waiting = [one.number for one in status.messages if one.gate == "waiting"]
    for number in waiting:
        say(f"Message {number} was written before: frontfoot revise {slug} {number} renews it.")


def _given_facts(named: Mapping[str, str | None], pairs: list[str]) -> dict[str, object]:
    """The facts as typed, checked against the model; ``WrongUsage`` names what does not fit."""
    given: dict[str, object] = {name: text for name, text in named.items() if text is not None}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or name not in Facts.model_fields:
            hint = did_you_mean(name, Facts.model_fields)
            raise WrongUsage(f"--set {name!r} is not a fact.", f"Write NAME=TEXT. {hint}")
        given[name] = text
    if not given:
        raise WrongUsage(
            "No fact was given.", f"Name at least one: {', '.join(Facts.model_fields)}."
        )
    if given.get("prevention_due") == "":
        given["prevention_due"] = None
    try:
        Facts.model_validate(given)
    except ValidationError as error:
        faults = "; ".join(
            f"{one['loc'][0]}: {one['msg'].lower()}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise WrongUsage(
            f"These facts cannot be used: {faults}.", "Dates are written 2026-11-30."
        ) from error
    return given


def _free_copy(
    text: str | None, text_file: Path | None, subject: str | None, other: list[str] | None
) -> dict[str, str] | None:
    """The draft of free copy, or None if the templates are to be used."""
    if text is not None and text_file is not None:
        raise WrongUsage("--text and --text-file were both given.", "Choose one of them.")
    words = text if text is not None else _read(text_file) if text_file is not None else None
    if words is None:
        if subject is not None or other:
            raise WrongUsage(
                "--subject and --for belong to free copy.", "Add --text-file with the words."
            )
        return None
    copy = {"text": words}
    if subject is not None:
        copy["subject"] = subject
    for pair in other or []:
        channel, separator, path = pair.partition("=")
        if not separator or not path:
            raise WrongUsage(f"--for {pair!r} names no file.", "Write --for twitter=short.txt.")
        copy[channel.strip()] = _read(Path(path))
    if not all(part.strip() for part in copy.values()):
        raise WrongUsage("The copy is empty.", "Write something, or leave it to the template.")
    return copy


def _read(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.read()
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUsage(
            f"{path} is not UTF-8 text.", "In the editor, choose Save As with the encoding UTF-8."
        ) from error


def _promised(next_update_by: str | None) -> datetime | None:
    return promised_time(next_update_by, datetime.now(UTC)) if next_update_by else None


def _put_to_signing(
    slug: str, write: Callable[[Client, Database, str], Awaitable[MessageStatus]], as_json: bool
) -> None:
    """Put what ``write`` makes before its gate, and show exactly what is to be signed there."""

    async def work() -> tuple[MessageStatus, Document]:
        client = await connect()
        async with ledger() as database:
            message = await write(client, database, slug)
            return message, await incidents.load_document(database, slug, message)

    message, document = run(work())
    if as_json:
        say_json(message.model_dump(mode="json"))
        return
    show(document_view(document, message.digest))
    show(message_view(message))
    say(
        f"To sign: frontfoot approve {slug} {message.number} --digest {message.digest[:8]} "
        "--as PERSON"
    )


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("propose")(propose)
    app.command("revise")(revise)
    app.command("show")(show_copy)
    app.command("facts")(facts)
