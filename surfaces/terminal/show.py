"""``show``: the exact copy that approvers sign."""

from __future__ import annotations

from typing import Annotated

import typer

from client.errors import WrongInput
from client.gate_view import gate_view
from client.messages import read_message
from domain.message_state import MessagePhase
from surfaces.terminal.copy_view import document_view
from surfaces.terminal.message_view import may_sign_lines
from surfaces.terminal.options import Json, Number, Slug
from surfaces.terminal.printing import say, say_json, show
from surfaces.terminal.session import run


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
    message, document = run(lambda engine: read_message(engine, slug, number))
    there = {copy.channel for copy in document.copies}
    if channel is not None and document.copies and channel not in there:
        names = ", ".join(copy.channel for copy in document.copies)
        raise WrongInput(f"Message {number} does not go to {channel!r}.", f"It goes to {names}.")
    if as_json:
        content = document.model_dump(mode="json")
        say_json({**content, "digest": message.digest, "gate": message.gate})
        return
    show(document_view(document, message.digest, channel))
    if message.phase is MessagePhase.WAITING:
        for line in (*may_sign_lines(message), *gate_view(slug, message).lines):
            say(line)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("show")(show_copy)
