"""``recipient``: did they get it."""

from __future__ import annotations

from typing import Annotated

import typer

from client.recipient import RecipientHistory, recipient_history
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run


def recipient(
    slug: Slug,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An e-mail address.")],
    as_json: Json = False,
) -> None:
    """Show everything the ledger has of one recipient in an incident: did they get it?

    Example: frontfoot recipient site-down jane@example.com
    """
    found = run(lambda engine: recipient_history(engine, slug, address))
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    _show(found)


def _show(found: RecipientHistory) -> None:
    if not found.known:
        say("The ledger has never heard of this address.")
        return
    say(f"In the audiences: {', '.join(found.audiences) or 'none'}")
    for one in found.arrivals:
        say(f"{one.about}: {one.answer}")
    if not found.arrivals:
        say("Nothing was mailed to them in this incident.")
    for suppressed in found.suppressed:
        say(f"Not to be written to: {suppressed}")
    for code in found.codes:
        say(f"Code: {code}")
    table = plain_table("WHEN (UTC)", "WHAT")
    for event in found.moments:
        table.add_row(moment(event.at), clean(event.what))
    say("")
    show(table)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("recipient")(recipient)
