"""``timeline``: what happened, and whether anybody has changed the record of it."""

from __future__ import annotations

from typing import Annotated

import typer

from client.errors import WrongInput
from client.timeline import read_timeline, verify_timeline
from domain.plural import plural
from domain.timeline import TimelineEntry
from surfaces.terminal.options import Json, slug_of
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, screen, show
from surfaces.terminal.session import run


def show_timeline(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[verify] SLUG",
            help="The incident's short name; after the word verify, only the record is checked.",
        ),
    ],
    verify: Annotated[
        bool, typer.Option("--verify", help="Also check that nobody has changed the record.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show everything that happened in an incident, oldest first, or verify the record of it.

    It comes from the ledger, so it works after the incident has closed and when nothing else runs.

    Example: frontfoot timeline verify site-down
    """
    alone = len(words) == 2 and words[0] == "verify"
    if len(words) != 1 and not alone:
        raise WrongInput(
            "One incident at a time.",
            "Type frontfoot timeline SLUG, or frontfoot timeline verify SLUG.",
        )
    slug = slug_of(words[-1])
    entries = run(lambda engine: read_timeline(engine, slug))
    if alone:
        said = _verified(slug, entries)
        if as_json:
            say_json({"whole": True, "entries": len(entries), "detail": said})
        else:
            say(said)
        return
    if as_json:
        say_json([entry.model_dump(mode="json") for entry in entries])
    else:
        table = plain_table("TIME (UTC)", "WHAT", "WHO", "ABOUT")
        for entry in entries:
            row = (entry.what, entry.who, entry.about)
            table.add_row(moment(entry.at), *(clean(one) for one in row))
        show(table)
    if verify:
        said = _verified(slug, entries)
        # JSON on stdout stays JSON.
        screen(error=as_json).print(said)


def _verified(slug: str, entries: list[TimelineEntry]) -> str:
    found = run(lambda engine: verify_timeline(engine, slug, entries))
    entries_found = plural(found.entries, "entry", "entries")
    intact = f"The record is whole: {entries_found}, each sealed into the next."
    if not found.confirmed:
        return f"{intact} The incident itself could not be asked whether these are all."
    more = plural(found.on_their_way, "more is", "more are")
    late = f" {more} on the way." if found.on_their_way else ""
    return f"{intact} The incident confirms it.{late}"


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("timeline")(show_timeline)
