"""``timeline``: what happened, and that nobody has changed the record of it."""

from __future__ import annotations

from typing import Annotated

import typer

from client.asking import ask
from client.errors import CommandFailed, ExitCode, UnknownIncident, WrongUsage
from domain.ids import incident_workflow_id
from domain.timeline import TimelineEntry
from store.record import timeline
from store.record.incidents import list_incidents
from surfaces.terminal.options import Json, slug_of
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, screen, show
from surfaces.terminal.session import ledger, run
from wiring import TemporalUnreachable, connect


def show_timeline(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[verify] SLUG",
            help="The incident's short name; after the word verify, only the record is checked.",
        ),
    ],
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that nobody has changed the record, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show everything that happened in an incident, oldest first, or verify the record of it.

    Comes from the ledger, so it is there after the incident has closed and when nothing else runs.

    Example: frontfoot timeline verify site-down
    """
    alone = len(words) == 2 and words[0] == "verify"
    if len(words) != 1 and not alone:
        raise WrongUsage(
            "One incident at a time.",
            "Type frontfoot timeline SLUG, or frontfoot timeline verify SLUG.",
        )
    slug = slug_of(words[-1])
    entries = run(_read(slug))
    if alone:
        said = run(verified(slug, entries))
        if as_json:
            say_json({"whole": True, "entries": len(entries), "says": said})
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
        said = run(verified(slug, entries))
        # JSON on stdout stays JSON.
        screen(error=as_json).print(said)


async def _read(slug: str) -> list[TimelineEntry]:
    async with ledger() as database:
        entries = await timeline.read(database, slug)
        if not entries and slug not in {row.slug for row in await list_incidents(database)}:
            raise UnknownIncident(slug)
    return entries


async def verified(slug: str, entries: list[TimelineEntry]) -> str:
    """In words, that the record is whole; ``CommandFailed`` if it is not."""
    async with ledger() as database:
        broken = await timeline.verify(database, slug)
    if broken is not None:
        raise CommandFailed(
            f"The record was changed: entry {broken} does not fit what comes before it.",
            "Find out who may write to the database; the workflow's own history in Temporal has "
            "what really happened.",
            ExitCode.REFUSED,
        )
    intact = f"The record is whole: {len(entries)} entries, each sealed into the next."
    # A chain cannot tell that its end was cut off; the workflow can.
    try:
        client = await connect()
        newest = await ask(client, incident_workflow_id(slug), "timeline", list[TimelineEntry])
    except (CommandFailed, LookupError, TemporalUnreachable):
        return f"{intact} The incident itself could not be asked whether these are all."
    absent = {one.seq for one in newest} - {one.seq for one in entries}
    # Entries of this moment may still be on their way to the ledger.
    if absent and min(absent) <= max((one.seq for one in entries), default=0):
        raise CommandFailed(
            f"The record lacks entry {min(absent)}, which the incident has.",
            "Find out who may write to the database.",
            ExitCode.REFUSED,
        )
    late = f" {len(absent)} more are on their way." if absent else ""
    return f"{intact} The incident confirms it.{late}"


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("timeline")(show_timeline)
