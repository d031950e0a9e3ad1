"""``withdraw``: stopping a message, and taking back what can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from client import publications
from client.engine import Engine
from domain.status import MessageStatus
from surfaces.terminal.message_view import show_message
from surfaces.terminal.options import By, Json, Number, Slug, actor
from surfaces.terminal.printing import screen, show
from surfaces.terminal.session import run

WAITS = timedelta(minutes=1)
"""How long the command waits to show how it ended."""


def withdraw(
    slug: Slug,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Stop a message, and take back what can be taken back.

    Posts are deleted where the platform allows it; mail that has gone out
    cannot be recalled. Waits a minute for what is on the wire; the rest goes
    on by itself, and the status shows it.

    Example: frontfoot withdraw site-down 2 --reason "Wrong numbers" --as maya
    """
    who = actor(by)

    async def work(engine: Engine) -> MessageStatus:
        await engine.temporal()
        with screen(error=True).status("Withdrawing; waiting for what is on the wire …"):
            await publications.withdraw(engine, slug, number, actor=who, reason=reason)
            return await publications.withdrawn(engine, slug, number, WAITS)

    withdrawn = run(work)
    show_message(withdrawn, as_json)
    if withdrawn.withdrawing and not as_json:
        still = "It is withdrawn; what can be taken back is still being taken back."
        show(f"{still} See: frontfoot status {slug}")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("withdraw")(withdraw)
