"""``sign-in``: a link that signs somebody in to the console."""

from __future__ import annotations

from typing import Annotated

import typer

from client.engine import Engine
from client.signing_in import console_of, make_link
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_aside, say_json
from surfaces.terminal.session import run


def sign_in(
    person: Annotated[
        str | None, typer.Option(help="Whom it signs in; without it, whoever opens it chooses.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a link that signs in to the console, once, within 15 minutes.

    Where live accounts are used it is for one person, whom you name: give it to
    nobody else.

    Example: frontfoot sign-in --person noor
    """

    async def work(engine: Engine) -> str:
        console = console_of(engine.settings, person)
        return f"{console}{await make_link(engine, person)}"

    link = run(work)
    if as_json:
        say_json({"link": link})
        return
    say(link)
    say_aside("It signs in once, within 15 minutes.")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("sign-in")(sign_in)
