"""``settle``: entering whether a publication of unknown outcome went out."""

from __future__ import annotations

from typing import Annotated

import typer

from client import publications
from client.broadcasts import unknown_batches
from client.errors import WrongInput
from surfaces.terminal.message_view import show_message
from surfaces.terminal.options import Audience, By, ChannelArgument, Json, Number, Slug, actor
from surfaces.terminal.printing import say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.unknown_batches import unknown_view


def settle(
    slug: Slug,
    number: Number,
    channel: ChannelArgument,
    went_out: Annotated[
        bool | None,
        typer.Option(
            "--went-out/--did-not-go-out", help="What you saw at the platform.", show_default=False
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address where it can be seen, if it went out."),
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, help="For mail: only this batch; may be repeated."),
    ] = None,
    audience: Audience = None,
    list_: Annotated[
        bool, typer.Option("--list", help="For mail: show the batches of unknown outcome.")
    ] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Enter, after looking at the platform, whether an unknown publication went out.

    With --did-not-go-out it is published now, if it still should be. For mail
    this covers every unknown batch, unless --batch names some.

    Example: frontfoot settle site-down 1 facebook --went-out --as maya
    """
    if list_:
        unknown = run(lambda engine: unknown_batches(engine, slug, number, channel, audience))
        if as_json:
            say_json([one.model_dump(mode="json") for one in unknown])
        else:
            show(unknown_view(slug, number, channel, unknown))
        return
    who = actor(by)
    if went_out is None:
        raise WrongInput(
            "Did it go out? Only you can tell.",
            "Look at the platform, then add --went-out or --did-not-go-out. For mail, --list "
            "shows what to look for.",
        )
    if url is not None and not went_out:
        raise WrongInput("--url is only for --went-out.", "Leave it out.")
    settled = run(
        lambda engine: publications.settle(
            engine,
            slug,
            number,
            channel,
            actor=who,
            went_out=went_out,
            audience=audience,
            url=url,
            batches=batch or (),
        )
    )
    show_message(settled, as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("settle")(settle)
