"""``broadcast pause``, ``resume`` and ``stop``: steering mail that is going out."""

from __future__ import annotations

from typing import Annotated

import typer

from client.broadcasts import steer_broadcast
from domain.broadcasting import BroadcastAction
from surfaces.terminal.message_view import show_message
from surfaces.terminal.options import Audience, By, Json, Number, Slug, actor
from surfaces.terminal.session import run

broadcast_app = typer.Typer(no_args_is_help=True, help="Pause, resume or stop mail going out.")

Channel = Annotated[
    str,
    typer.Option(metavar="CHANNEL", help="Which channel, if the message is mailed on several."),
]


def pause(
    slug: Slug,
    number: Number,
    channel: Channel = "",
    audience: Audience = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Pause every batch that has not begun; what is on the wire is not interrupted.

    Example: frontfoot broadcast pause site-down 1 --reason "Wrong link" --as maya
    """
    _steer(slug, number, channel, audience, BroadcastAction.PAUSE, by, as_json, reason)


def resume(
    slug: Slug,
    number: Number,
    channel: Channel = "",
    audience: Audience = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Continue exactly where it was paused.

    Example: frontfoot broadcast resume site-down 1 --as maya
    """
    _steer(slug, number, channel, audience, BroadcastAction.RESUME, by, as_json)


def stop(
    slug: Slug,
    number: Number,
    channel: Channel = "",
    audience: Audience = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Send no more of it, for good. Mail that went out cannot be recalled; posts are left alone.

    Example: frontfoot broadcast stop site-down 1 --as maya
    """
    _steer(slug, number, channel, audience, BroadcastAction.STOP, by, as_json)


def _steer(
    slug: str,
    number: int,
    channel: str,
    audience: str | None,
    action: BroadcastAction,
    by: str,
    as_json: bool,
    reason: str = "",
) -> None:
    who = actor(by)
    steered = run(
        lambda engine: steer_broadcast(
            engine,
            slug,
            number,
            action,
            actor=who,
            channel=channel,
            audience=audience,
            reason=reason,
        )
    )
    show_message(steered, as_json)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    broadcast_app.command("pause")(pause)
    broadcast_app.command("resume")(resume)
    broadcast_app.command("stop")(stop)
    app.add_typer(broadcast_app, name="broadcast")
