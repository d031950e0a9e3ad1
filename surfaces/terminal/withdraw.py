"""``withdraw``: stopping a message, and taking back what can be taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from client import publications
from client.engine import Engine
from domain.status import MessageStatus
from surfaces.terminal.options import By, Json, Number, Slug, actor
from surfaces.terminal.printing import screen
from surfaces.terminal.session import run
from surfaces.terminal.status_view import show_message


def withdraw(
    slug: Slug,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Stop a message, and take back what can be taken back.

    Posts are deleted where the platform allows it; mail that has gone out
    cannot be recalled. Returns when everything has settled.

    Example: frontfoot withdraw site-down 2 --reason "Wrong numbers" --as maya
    """
    who = actor(by)

    async def work(engine: Engine) -> MessageStatus:
        await engine.temporal()
        with screen(error=True).status("Withdrawing; waiting for what is on the wire …"):
            return await publications.withdraw(engine, slug, number, actor=who, reason=reason)

    show_message(run(work), as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("withdraw")(withdraw)
