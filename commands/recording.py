"""``timeline`` and ``codes``: what happened, and what was promised to whom."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Annotated

import typer

from commands.failures import CommandFailed, ExitCode, UnknownIncident, WrongUsage
from commands.incident_client import ask
from commands.options import Json, Slug
from commands.printing import clean, moment, plain_table, say, say_json, screen, show
from commands.session import ledger, run
from domain.ids import incident_workflow_id
from store import codes, timeline
from store.incidents import list_incidents
from store.timeline import TimelineEntry
from wiring import TemporalUnreachable, connect

codes_app = typer.Typer(help="The single-use codes of an incident's offer.", no_args_is_help=True)


def show_timeline(
    slug: Slug,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that nobody has changed the record.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show everything that happened in an incident, oldest first.

    Comes from the ledger, so it is there after the incident has closed and when nothing else runs.

    Example: frontfoot timeline site-down --verify
    """
    entries = run(_read(slug))
    if as_json:
        say_json([entry.model_dump(mode="json") for entry in entries])
    else:
        table = plain_table("TIME (UTC)", "WHAT", "WHO", "ABOUT")
        for entry in entries:
            row = (entry.what, entry.who, entry.about)
            table.add_row(moment(entry.at), *(clean(one) for one in row))
        show(table)
    if verify:
        said = run(_verify(slug, entries))
        # JSON on stdout stays JSON.
        screen(error=as_json).print(said)


async def _read(slug: str) -> list[TimelineEntry]:
    async with ledger() as database:
        entries = await timeline.read(database, slug)
        if not entries and slug not in {row.slug for row in await list_incidents(database)}:
            raise UnknownIncident(slug)
    return entries


async def _verify(slug: str, entries: list[TimelineEntry]) -> str:
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


def export_codes(
    slug: Slug,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write the CSV file.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write every code of an incident to a CSV file, for the shop to load.

    Its columns are code, worth, currency and expires. Whoever has the file has
    the money, so only you may read it.

    Example: frontfoot codes export site-down --output codes.csv
    """
    count = run(_export(slug, output, force))
    say(f"{count:,} codes are in {output}.")
    if not count:
        say("Codes are made when the offer's mail goes out.")


async def _export(slug: str, output: Path, force: bool) -> int:
    await _read(slug)
    if output.exists() and not force:  # noqa: ASYNC240
        raise WrongUsage(f"{output} is there already.", "Choose another name, or add --force.")
    fresh = output.with_name(output.name + ".part")
    count = 0
    descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "worth", "currency", "expires"])
        async with ledger() as database:
            async for one in codes.export(database, slug):
                writer.writerow([one.code, one.worth, one.currency, one.expires or ""])
                count += 1
    # In one step, so that a half-written list is never taken for a whole one.
    os.replace(fresh, output)
    return count


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("timeline")(show_timeline)
    codes_app.command("export")(export_codes)
    app.add_typer(codes_app, name="codes")
