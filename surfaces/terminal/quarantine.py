"""``quarantine``: nothing of ours goes out on a channel that may be in hostile hands."""

from __future__ import annotations

from typing import Annotated

import typer

from client.quarantine import Changed, lift_quarantine, quarantine, standing
from surfaces.terminal.options import By, Json, actor
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.stop_all import LATER
from surfaces.terminal.wording import told

app = typer.Typer(
    help="A channel whose account may be in hostile hands: stop everything on it.",
    no_args_is_help=True,
)
Channel = Annotated[str, typer.Argument(help="The channel.")]


@app.command()
def begin(
    channel: Channel,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Stop everything on one channel, for every incident.

    What is on the wire at this moment ends by itself. No message needs the
    channel to count as told, copy that is proposed from now on says where to
    look, and what people say there is still read. Two people lift it.

    Example: frontfoot quarantine begin twitter --reason "Posts that are not ours" --as maya
    """
    who = actor(by)
    changed = run(lambda engine: quarantine(engine, channel, actor=who, reason=reason))
    if as_json:
        say_json(changed.model_dump(mode="json"))
        return
    say(told(changed.quarantine.explanation()))
    _note_untold(changed)


@app.command()
def lift(channel: Channel, by: By = "", as_json: Json = False) -> None:
    """Say that the account is ours again; the second person who says so ends it.

    What waited goes out then, unless it has become too old.

    Example: frontfoot quarantine lift twitter --as noor
    """
    who = actor(by)
    changed = run(lambda engine: lift_quarantine(engine, channel, actor=who))
    if as_json:
        say_json(changed.model_dump(mode="json"))
        return
    if changed.quarantine.in_force:
        say(told(changed.quarantine.explanation()))
        return
    say(f"{channel} is not in quarantine any more. What waited goes out, unless it is too old.")
    _note_untold(changed)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every channel, and which are in quarantine.

    Example: frontfoot quarantine list
    """
    found = run(standing)
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    table = plain_table("CHANNEL", "QUARANTINE", "SINCE", "BY", "LIFTING ASKED BY", "WHY")
    for one in found:
        held = one.quarantine
        asked = held.lift_asked_by.person if held and held.lift_asked_by else ""
        row = ("yes", moment(held.at), held.by.person, asked, held.reason) if held else ("no",)
        table.add_row(one.channel, *(clean(cell) for cell in row))
    show(table)


def _note_untold(changed: Changed) -> None:
    if not changed.told:
        say(LATER)


def register(into: typer.Typer) -> None:
    """Add these commands to the command line."""
    into.add_typer(app, name="quarantine")
