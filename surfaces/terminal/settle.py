"""``withdraw``, ``retry`` and ``settle``: when a publication did not go as planned."""

from __future__ import annotations

from typing import Annotated

import typer

from client import incidents
from client.errors import WrongUsage
from domain.status import MessageStatus
from surfaces.terminal.options import By, ChannelArgument, Json, Number, Slug, person
from surfaces.terminal.printing import say_json, screen, show
from surfaces.terminal.session import run
from surfaces.terminal.status_view import message_view
from surfaces.terminal.unknown_batches import find_unknown, unknown_view
from wiring import connect


def withdraw(
    slug: Slug,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let nothing more of a message go out, and take back what can be taken back.

    Posts are deleted where the platform allows it; mail that has gone out
    stays gone. Answers when everything has settled.

    Example: frontfoot withdraw site-down 2 --reason "Wrong numbers" --as maya
    """
    by = person(by)

    async def work() -> MessageStatus:
        client = await connect()
        with screen(error=True).status("Withdrawing; waiting for what is on the wire …"):
            return await incidents.withdraw(client, slug, number, by=by, reason=reason)

    _show(run(work()), as_json)


def retry(
    slug: Slug, number: Number, channel: ChannelArgument, by: By = "", as_json: Json = False
) -> None:
    """Publish an approved message once more on a channel that refused it.

    Example: frontfoot retry site-down 1 twitter --as maya
    """
    by = person(by)

    async def work() -> MessageStatus:
        return await incidents.retry_channel(await connect(), slug, number, channel, by=by)

    _show(run(work()), as_json)


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
        str | None, typer.Option(metavar="URL", help="Where it can be seen, if it went out.")
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, help="Of mail, only this batch; may be repeated."),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Show the batches of mail that nobody knows about.")
    ] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Say, after looking at the platform, whether a publication of unknown outcome went out.

    With --did-not-go-out it is published now, if it still should be. For mail
    it speaks of every unknown batch, unless --batch names some.

    Example: frontfoot settle site-down 1 facebook --went-out --as maya
    """
    if list_:
        unknown = run(find_unknown(slug, number, channel))
        if as_json:
            say_json([one.model_dump(mode="json") for one in unknown])
        else:
            show(unknown_view(slug, number, channel, unknown))
        return
    by = person(by)
    if went_out is None:
        raise WrongUsage(
            "Did it go out? Nobody but you can tell.",
            "Look at the platform, then add --went-out or --did-not-go-out. For mail, --list "
            "shows what to look for.",
        )
    if url is not None and not went_out:
        raise WrongUsage("--url belongs to --went-out.", "Leave it out.")

    async def work() -> MessageStatus:
        return await incidents.settle(
            await connect(),
            slug,
            number,
            channel,
            by=by,
            went_out=went_out,
            url=url,
            batches=batch or (),
        )

    _show(run(work()), as_json)


def _show(message: MessageStatus, as_json: bool) -> None:
    if as_json:
        say_json(message.model_dump(mode="json"))
    else:
        show(message_view(message))


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("withdraw")(withdraw)
    app.command("retry")(retry)
    app.command("settle")(settle)
