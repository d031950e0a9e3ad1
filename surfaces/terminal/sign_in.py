"""``sign-in``: a link that signs somebody in to the console."""

from __future__ import annotations

import typer

from client.engine import Engine
from client.signing_in import make_link, refuse_live
from client.stack import stack_file
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_aside, say_json
from surfaces.terminal.session import run


def sign_in(as_json: Json = False) -> None:
    """Print a link that signs in to the console, once, within 15 minutes.

    For the embedded stack only: whoever opens the link chooses who they are.

    Example: frontfoot sign-in
    """

    async def work(engine: Engine) -> str:
        refuse_live(engine.settings)
        stack = stack_file.read(engine.settings.state_dir)
        assert stack is not None, "it would have been refused"
        return f"{stack.addresses['console']}{await make_link(engine)}"

    link = run(work)
    if as_json:
        say_json({"link": link})
        return
    say(link)
    say_aside("It signs in once, within 15 minutes.")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("sign-in")(sign_in)
