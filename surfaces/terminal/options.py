"""Options and arguments that several commands share."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from client.errors import WrongInput
from domain.actor import Actor
from domain.errors import DomainError
from domain.ids import check_slug
from domain.promises import refuse_promise

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_SPAN = re.compile(r"([0-9]{1,6})(m|h)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_MOMENT = "%Y-%m-%d %H:%M"
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


def promised_time(text: str, now: datetime) -> datetime:
    """A time that was typed, in UTC: ``45m``, ``2h``, ``15:30`` or ``2026-11-28 09:00``.

    ``15:30`` is tomorrow's if today's has passed. What is counted from now is rounded up to the
    minute, because the copy shows no seconds. ``WrongInput`` if it is not a time to come.
    """
    at = _read_time(text.strip().removesuffix("UTC").strip(), now.astimezone(UTC))
    if at is None:
        raise WrongInput(
            f"{text[:40]!r} is not a time.",
            "Write 45m or 2h, a time of day in UTC such as 15:30, or a day and a time such as "
            f"{now + timedelta(days=1):%Y-%m-%d} 09:00.",
        )
    try:
        refuse_promise(at, now)
    except DomainError as error:
        raise WrongInput(error.what, error.explanation.next_step) from error
    return at


def _read_time(text: str, now: datetime) -> datetime | None:
    span = _SPAN.fullmatch(text)
    if span is not None:
        # So far ahead that it is refused, without overflowing.
        ahead = min(int(span[1]), 100_000) * _UNITS[span[2]]
        return _rounded_up(now + ahead) if ahead else now
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        at = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return at if at > now else at + timedelta(days=1)
    try:
        return datetime.strptime(text.replace("T", " "), _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _rounded_up(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)
