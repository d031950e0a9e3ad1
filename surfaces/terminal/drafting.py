"""What ``propose`` and ``revise`` share: reading free copy, and showing what is to be signed."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from client.engine import Engine
from client.errors import WrongInput
from client.messages import load_document
from client.next_steps import to_sign
from client.promised_time import promised_time
from client.text_files import read_text, read_text_file
from domain.message import FREE_SUBJECT, FREE_TEXT, Document
from domain.page_entry import ComponentState
from domain.status import MessageStatus
from domain.suggest import did_you_mean
from surfaces.terminal.copy_view import document_view
from surfaces.terminal.message_view import message_view
from surfaces.terminal.printing import say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of

TextFile = Annotated[
    Path | None,
    typer.Option("--text-file", metavar="FILE", help="Free copy from a file; - reads stdin."),
]
TextOption = Annotated[
    str | None,
    typer.Option("--text", metavar="TEXT", help="Free copy in place of the template."),
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
        help="By when the copy promises the next update: 45m, 2h, a time in UTC such as 15:30, or "
        "a day and a time such as 2026-11-28 09:00.",
    ),
]
NO_PROMISE = "none"
Components = Annotated[
    list[str] | None,
    typer.Option(
        "--component",
        metavar="NAME=STATE",
        help="A component's state on the status page from this message on, such as "
        "'Web app=major_outage'; may be repeated.",
    ),
]


def component_states(pairs: list[str] | None) -> dict[str, ComponentState] | None:
    """The states that were typed, by component; None if there were none."""
    if not pairs:
        return None
    states: dict[str, ComponentState] = {}
    for pair in pairs:
        name, separator, word = pair.rpartition("=")
        name, word = name.strip(), word.strip().lower().replace(" ", "_")
        if not separator or not name:
            raise WrongInput(
                f"--component {pair!r} sets no state.", "Write --component 'Web app=major_outage'."
            )
        if word not in set(ComponentState):
            raise WrongInput(
                f"--component {pair!r}: there is no state {word!r}.",
                did_you_mean(word, ComponentState),
            )
        if name in states:
            raise WrongInput(f"--component {name} was given twice.", "Give one state for each.")
        states[name] = ComponentState(word)
    return states


def free_copy(
    text: str | None, text_file: Path | None, subject: str | None, other: list[str] | None
) -> dict[str, str] | None:
    """The draft of free copy, or None if the templates are to be used."""
    if text is not None and text_file is not None:
        raise WrongInput("--text and --text-file were both given.", "Choose one of them.")
    words = text if text is not None else _read(text_file) if text_file is not None else None
    if words is None:
        if subject is not None or other:
            raise WrongInput(
                "--subject and --for are for free copy only.", "Add --text-file with the words."
            )
        return None
    copy = {FREE_TEXT: words}
    if subject is not None:
        copy[FREE_SUBJECT] = subject
    for pair in other or []:
        channel, separator, path = pair.partition("=")
        if not separator or not path:
            raise WrongInput(f"--for {pair!r} names no file.", "Write --for twitter=short.txt.")
        name = channel.strip()
        if not name or name in (FREE_TEXT, FREE_SUBJECT):
            raise WrongInput(f"--for {pair!r} names no channel.", "Write --for twitter=short.txt.")
        if name in copy:
            raise WrongInput(f"--for {name} was given twice.", "Give one file for each channel.")
        copy[name] = _read(Path(path))
    if not all(part.strip() for part in copy.values()):
        raise WrongInput("The copy is empty.", "Write something, or use the template.")
    return copy


def _read(path: Path) -> str:
    if str(path) == "-":
        return read_text(sys.stdin.buffer, "The input")
    return read_text_file(path)


def promised(next_update_by: str | None) -> datetime | None:
    """The time of the promised next update, if one was typed."""
    return None if next_update_by is None else promised_time(next_update_by, datetime.now(UTC))


def put_to_signing(
    slug: str, write: Callable[[Engine], Awaitable[MessageStatus]], as_json: bool
) -> None:
    """Put what ``write`` makes before its gate, and show exactly what is to be signed."""

    async def work(engine: Engine) -> tuple[MessageStatus, Document]:
        message = await write(engine)
        return message, await load_document(engine, slug, message)

    message, document = run(work)
    if as_json:
        say_json(message.model_dump(mode="json"))
        return
    show(document_view(document, message.digest))
    show(message_view(message))
    say(f"To sign: {command_of(to_sign(slug, message))}")
