"""``broadcast pause``, ``resume`` and ``stop``: steering mail that is going out."""

from __future__ import annotations

from typing import Annotated

import typer

from client import incidents
from client.errors import WrongUsage
from domain.broadcasting import BroadcastAction
from domain.status import MessageStatus
from surfaces.terminal.options import By, Json, Number, Slug, person
from surfaces.terminal.printing import say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.status_view import message_view
from wiring import connect

broadcast_app = typer.Typer(no_args_is_help=True, help="Pause, resume or stop mail going out.")

Channel = Annotated[
    str,
    typer.Option(metavar="CHANNEL", help="Which mail, where the message goes to several channels."),
]


def pause(
    slug: Slug,
    number: Number,
    channel: Channel = "",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Hold every batch that has not begun; what is on the wire ends as it ends.

    Example: frontfoot broadcast pause site-down 1 --reason "Wrong link" --as maya
    """
    _steer(slug, number, channel, BroadcastAction.PAUSE, by, as_json, reason)


def resume(
    slug: Slug, number: Number, channel: Channel = "", by: By = "", as_json: Json = False
) -> None:
    """Go on exactly where it was paused.

    Example: frontfoot broadcast resume site-down 1 --as maya
    """
    _steer(slug, number, channel, BroadcastAction.RESUME, by, as_json)


def stop(
    slug: Slug, number: Number, channel: Channel = "", by: By = "", as_json: Json = False
) -> None:
    """Send no more of it, for good. Mail that has gone out stays gone; posts are left alone.

    Example: frontfoot broadcast stop site-down 1 --as maya
    """
    _steer(slug, number, channel, BroadcastAction.STOP, by, as_json)


def _steer(
    slug: str,
    number: int,
    channel: str,
    action: BroadcastAction,
    by: str,
    as_json: bool,
    reason: str = "",
) -> None:
    by = person(by)

    async def work() -> MessageStatus:
        client = await connect()
        chosen = channel or _only_channel(
            incidents.message_of(await incidents.status(client, slug), number)
        )
        return await incidents.steer_broadcast(
            client, slug, number, action, by=by, channel=chosen, reason=reason
        )

    message = run(work())
    if as_json:
        say_json(message.model_dump(mode="json"))
    else:
        show(message_view(message))


def _only_channel(message: MessageStatus) -> str:
    """The channel of a message's mail; ``WrongUsage`` if there is none, or a choice."""
    if len(message.direct) == 1:
        return message.direct[0]
    if not message.direct:
        raise WrongUsage(
            f"Message {message.number} is not mailed, so there is no broadcast to steer.",
            "A post cannot be paused, only withdrawn.",
        )
    raise WrongUsage(
        f"Message {message.number} is mailed on {', '.join(message.direct)}.",
        "Say which: --channel CHANNEL.",
    )


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    broadcast_app.command("pause")(pause)
    broadcast_app.command("resume")(resume)
    broadcast_app.command("stop")(stop)
    app.add_typer(broadcast_app, name="broadcast")
