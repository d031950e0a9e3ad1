"""``ack``: acknowledge a notification by its code."""

from __future__ import annotations

from typing import Annotated

import typer

from client.notifications import acknowledge, step_of
from surfaces.terminal.options import By, person
from surfaces.terminal.printing import say
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ack")(ack)


def ack(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code in the notification.")],
    by: By = "",
) -> None:
    """Acknowledge a notification: you are notified no more about it. Others still are.

    It decides nothing.

    Example: frontfoot ack K7QX-M2PD --as noor
    """
    who = person(by)
    done = run(lambda engine: acknowledge(engine, who, code))
    for one in done.things:
        where = f" in {one.incident}" if one.incident else f" by {one.method}"
        if one.ended_at is not None:
            by_whom = f" by {one.ended_by}" if one.ended_by else ""
            say(f"{one.title}{where}: {one.ending}{by_whom}. There is nothing to do.")
        elif done.before:
            say(f"{one.title}{where}: you have acknowledged it already.")
        else:
            say(f"Acknowledged: {one.title}{where}.", "bold")
        step = step_of(one)
        if step is not None and one.ended_at is None:
            say(f"Next: {command_of(step)}")
