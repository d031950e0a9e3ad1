"""``delegate``: somebody signs for somebody else, for a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from client import gates
from client.errors import WrongInput
from client.promised_time import typed_time
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run


def delegate(
    slug: Slug,
    holder: Annotated[str, typer.Option("--from", metavar="PERSON", help="Whose roles.")],
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Who gets them.")],
    until: Annotated[
        str, typer.Option(metavar="TIME", help="8h, 15:30 UTC, or a day and a time.")
    ] = "",
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let somebody sign with the roles of another person in this incident, for a time.

    Only the holder may, or somebody who administrates. It ends by itself.

    Example: frontfoot delegate site-down --from ines --to ravi --until 8h --as ines
    """
    who = actor(by)
    if bool(until.strip()) is end:
        raise WrongInput(
            "A delegation has an end.", "Add --until with a time, or --end to end it now."
        )
    ends = None if end else typed_time(until, datetime.now(UTC))
    status = run(
        lambda engine: gates.delegate(engine, slug, holder=holder, to=to, until=ends, actor=who)
    )
    if as_json:
        say_json(status.model_dump(mode="json"))
    elif ends is None:
        say(f"{to} does not sign for {holder} any more.")
    else:
        say(f"{to} signs for {holder} until {ends:%d %b %H:%M} UTC.", "bold")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("delegate")(delegate)
