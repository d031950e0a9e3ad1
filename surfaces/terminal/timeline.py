"""``timeline``: what happened, and whether anybody has changed the record of it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from client.errors import WrongInput
from client.record_file import export_record
from client.timeline import Verified, read_timeline, verify_timeline
from domain.plural import plural
from domain.timeline import BRANCHED, TimelineEntry
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Json, slug_of
from surfaces.terminal.printing import (
    clean,
    moment,
    plain_table,
    say,
    say_aside,
    say_json,
    show,
)
from surfaces.terminal.record import KeyOption
from surfaces.terminal.record_view import say_findings, sealed_by
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
    key: KeyOption = "",
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the record to a file that anybody can verify."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show everything that happened in an incident, oldest first, verify it, or export it.

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
    if export is not None:
        _export(slug, export)
        return
    if not alone:
        _show(run(lambda engine: read_timeline(engine, slug)), as_json=as_json)
    if alone or verify:
        _verify(slug, key, as_json=alone and as_json, aside=as_json)


def _verify(slug: str, key: str, *, as_json: bool, aside: bool) -> None:
    found = run(lambda engine: verify_timeline(engine, slug, key))
    if as_json:
        whole = {"whole": not found.found, "detail": _verified(found)}
        say_json({**whole, **found.model_dump(mode="json")})
    elif found.found:
        say_findings(found.found)
    elif aside:
        # JSON on stdout stays JSON.
        say_aside(_verified(found))
    else:
        say(_verified(found))
    if found.found:
        raise typer.Exit(ExitCode.REFUSED)


def _export(slug: str, path: Path) -> None:
    record = run(lambda engine: export_record(engine, slug, path))
    say(f"{plural(len(record.entries), 'entry', 'entries')} of the record are in {path}.")
    say(f"Verify it anywhere: frontfoot record verify {path}")


def _show(entries: list[TimelineEntry], *, as_json: bool) -> None:
    if as_json:
        say_json([entry.model_dump(mode="json") for entry in entries])
        return
    several = bool(entries) and entries[-1].branch > 1
    for branch, own in groupby(entries, key=lambda one: one.branch):
        if several:
            say(f"Branch {branch} of the record", "bold red" if branch > 1 else "bold")
        table = plain_table("TIME (UTC)", "WHAT", "WHO", "ABOUT")
        for entry in own:
            row = (entry.what, entry.who, entry.about)
            style = "bold red" if entry.what == BRANCHED else ""
            table.add_row(moment(entry.at), *(clean(one) for one in row), style=style)
        show(table)
    if several:
        say(
            "The record has several branches: Temporal or the ledger was reset or restored, "
            "and what happened before and after is kept in both.",
            "bold red",
        )


def _verified(found: Verified) -> str:
    if found.found:
        return " ".join(one.what for one in found.found)
    entries = plural(found.entries, "entry", "entries")
    said = [f"The record is whole: {entries}, each sealed into the next."]
    if found.branches > 1:
        said.append(f"It has {found.branches} branches, since something was reset or restored.")
    if found.confirmed:
        said.append("The incident confirms it.")
    else:
        said.append("The incident itself could not be asked whether these are all.")
    if found.on_their_way:
        said.append(f"{plural(found.on_their_way, 'more is', 'more are')} on the way.")
    said.append(sealed_by(found.key, compared=found.compared))
    return " ".join(said)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("timeline")(show_timeline)
