"""Options and arguments that several commands share."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated

import typer

from client.errors import WrongInput
from domain.actor import Actor
from domain.errors import DomainError
from domain.ids import check_slug

# What Python makes of bytes that are no letter in the terminal's encoding.
_NO_LETTER = re.compile(r"[\udc80-\udcff]")


def slug_of(text: str) -> str:
    """``text`` if it can name an incident; wrong usage otherwise."""
    try:
        return check_slug(text)
    except DomainError as error:
        raise typer.BadParameter(str(error)) from error


def refuse_no_text(argument: str) -> None:
    """Refuse what was typed in another encoding than the terminal's, unless a file is named so."""
    if not _NO_LETTER.search(argument):
        return
    if any(os.path.lexists(name) for name in (argument, argument.partition("=")[2])):
        return
    raise typer.BadParameter(
        f"{argument!r} is not text in this terminal's encoding ({sys.getfilesystemencoding()}). "
        "Set the terminal to UTF-8 and type it again."
    )


Slug = Annotated[
    str,
    typer.Argument(metavar="SLUG", help="The incident's short name.", callback=slug_of),
]
Number = Annotated[int, typer.Argument(metavar="N", min=1, help="The message's number.")]
ChannelArgument = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="email, twitter, facebook, …")
]
By = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSON",
        envvar="FRONTFOOT_PERSON",
        help="Who you are in the incident's roster.",
    ),
]
Audience = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Which audience, if the message goes to several."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


def actor(by: str) -> Actor:
    """The actor, taken at their word; ``WrongInput`` if nobody was named."""
    return Actor.at_terminal(person(by))


def person(by: str) -> str:
    """The name of the person who acts; ``WrongInput`` if nobody was named."""
    if not by.strip():
        raise WrongInput(
            "Who are you? The timeline records who did what.",
            "Add --as PERSON with your name in the roster, or set FRONTFOOT_PERSON once.",
        )
    return by.strip()
