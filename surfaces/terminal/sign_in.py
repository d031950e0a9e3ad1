"""``sign-in``: a link that signs somebody in to the console."""

from __future__ import annotations

from typing import Annotated

import typer

from client.engine import Engine
from client.signing_in import console_of, for_phones, make_link
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_aside, say_json, show
from surfaces.terminal.qr_code import qr_code
from surfaces.terminal.session import run


def sign_in(
    person: Annotated[
        str | None, typer.Option(help="Whom it signs in; without it, whoever opens it chooses.")
    ] = None,
    qr: Annotated[
        bool, typer.Option("--qr", help="Draw it as a QR code too, for a phone's camera.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a link that signs in to the console, once, within 15 minutes.

    Where live accounts are used it is for one person, whom you name: give it to
    nobody else.

    Example: frontfoot sign-in --person noor --qr
    """

    async def work(engine: Engine) -> str:
        console, reading = console_of(engine.settings, person), False
        if qr:
            console, reading = for_phones(engine.settings, console)
        return f"{console}{await make_link(engine, person, reading=reading)}"

    link = run(work)
    if as_json:
        say_json({"link": link})
        return
    if qr:
        show(qr_code(link))
    say(link)
    say_aside("It signs in once, within 15 minutes.")
    if qr and not link.startswith("https:"):
        say_aside("That address has no HTTPS: a phone can read the console there, and not sign.")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("sign-in")(sign_in)
