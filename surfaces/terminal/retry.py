"""``retry``: publishing once more on a channel that refused."""

from __future__ import annotations

import typer

from client.publications import retry_channel
from surfaces.terminal.message_view import show_message
from surfaces.terminal.options import Audience, By, ChannelArgument, Json, Number, Slug, actor
from surfaces.terminal.session import run


def retry(
    slug: Slug,
    number: Number,
    channel: ChannelArgument,
    audience: Audience = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Publish an approved message once more where it was refused, or nobody knows what came of it.

    An earlier attempt that may have gone out is looked for first; nothing is sent if it is found.

    Example: frontfoot retry site-down 1 twitter --as maya
    """
    who = actor(by)
    retried = run(
        lambda engine: retry_channel(engine, slug, number, channel, actor=who, audience=audience)
    )
    show_message(retried, as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("retry")(retry)
