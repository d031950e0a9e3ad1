"""``open``, ``advance``, ``close`` and ``list``: an incident's beginning, stages and end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from client import incidents
from client.asking import live_status
from client.errors import CommandFailed, EndedUnclosed, WrongUsage
from domain.errors import DomainError
from domain.playbook_files import PLAYBOOK_FILE
from domain.stage import Stage
from domain.status import IncidentStatus
from store.files.playbook_folder import read_playbook
from store.record.incidents import IncidentRow, list_incidents
from surfaces.terminal.options import By, Json, Slug, person
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import ledger, load_settings, run
from surfaces.terminal.status_view import incident_view
from wiring import TemporalUnreachable, connect


def open_(
    slug: Slug,
    title: Annotated[
        str, typer.Option(help="What happened, in a line; it is shown to the public.")
    ],
    playbook: Annotated[
        str, typer.Option(help="A playbook's name, or the path of its folder.")
    ] = "site-compromised",
    audience: Annotated[
        str | None, typer.Option(help="Who gets the mail: a list that was imported.")
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Open an incident, or join the one that is open under this name.

    The playbook is copied into the incident: editing it afterwards changes nothing here.

    Example: frontfoot open site-down --title "Sign-in is down" --audience customers --as maya
    """
    by = person(by)
    if not title.strip():
        raise WrongUsage("The title is empty.", "Say in a few words what happened.")
    opened = run(_open(slug, title.strip(), playbook, audience, by))
    if as_json:
        say_json(opened.model_dump(mode="json"))
        return
    status = opened.status
    if opened.joined:
        say(f"{slug} is open already, since {moment(status.opened_at)} UTC: you have joined it.")
        if status.title != title.strip() or status.audience != audience:
            say("Its own title and audience stay; yours were not used.", "yellow")
    else:
        say(f"Incident {slug} is open.", "bold")
    say("")
    show(incident_view(status))


async def _open(
    slug: str, title: str, playbook: str, audience: str | None, by: str
) -> incidents.Opened:
    files = read_playbook(await asyncio.to_thread(playbook_folder, playbook))
    client = await connect()
    async with ledger(upgrade=True) as database:
        return await incidents.open_incident(
            client, database, slug=slug, title=title, files=files, by=by, audience=audience
        )


def playbook_folder(playbook: str) -> Path:
    """The folder of a playbook: a path as it is, a name among the installed playbooks."""
    if "/" in playbook or "\\" in playbook or (Path(playbook) / PLAYBOOK_FILE).is_file():
        return Path(playbook)
    home = load_settings().playbooks_dir
    if not (home / playbook / PLAYBOOK_FILE).is_file():
        known = sorted(path.parent.name for path in home.glob(f"*/{PLAYBOOK_FILE}"))
        raise WrongUsage(
            f"There is no playbook {playbook!r}.",
            f"There are {', '.join(known) or 'none'} in {home}; or give the path of a folder.",
        )
    return home / playbook


def advance(
    slug: Slug,
    stage: Annotated[Stage, typer.Argument(metavar="STAGE", help="The stage to move to.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Move an incident to another stage.

    Proposing a message does so by itself; this is for going on, or back, without one.

    Example: frontfoot advance site-down assure --as maya
    """
    by = person(by)

    async def work() -> IncidentStatus:
        return await incidents.advance(await connect(), slug, stage, by=by)

    _show(run(work()), as_json)


def close(
    slug: Slug,
    waive: Annotated[
        str,
        typer.Option(
            metavar="REASON", help="Close although something is open: say why, in writing."
        ),
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Close an incident, unless something about it is open.

    Example: frontfoot close site-down --as maya
    """
    by = person(by)

    async def work() -> IncidentStatus:
        return await incidents.close(await connect(), slug, by=by, waive=waive.strip())

    _show(run(work()), as_json)


def list_(
    as_json: Json = False,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
) -> None:
    """List the incidents, the newest first.

    Example: frontfoot list --open
    """
    rows, stages = run(_list(open_only))
    if as_json:
        listed = [{**row.model_dump(mode="json"), "stage": stages.get(row.slug)} for row in rows]
        say_json(listed)
        return
    if not rows:
        say('There are no incidents. frontfoot open SLUG --title "What happened" opens one.')
        return
    table = plain_table("INCIDENT", "STAGE", "OPENED (UTC)", "TITLE")
    for row in rows:
        stage = stages.get(row.slug, "open, does not answer")
        table.add_row(row.slug, stage, moment(row.opened_at), clean(row.title))
    show(table)


async def _list(open_only: bool) -> tuple[list[IncidentRow], dict[str, str]]:
    async with ledger() as database:
        rows = await list_incidents(database)
    stages = {row.slug: str(Stage.CLOSED) for row in rows if row.closed_at is not None}
    still_open = [row for row in rows if row.closed_at is None]
    if still_open:
        # The list itself is the ledger's: it is there when Temporal is not.
        try:
            client = await connect()
        except TemporalUnreachable:
            client = None
        if client is not None:
            found = await asyncio.gather(*(_stage(client, row.slug) for row in still_open[:50]))
            stages |= {row.slug: one for row, one in zip(still_open, found, strict=False) if one}
    # Somebody has ended those in Temporal: not closed, and not open either.
    over = {slug for slug, stage in stages.items() if stage not in set(Stage)}
    return ([row for row in still_open if row.slug not in over] if open_only else rows), stages


async def _stage(client: Client, slug: str) -> str:
    try:
        return str((await live_status(client, slug)).stage)
    except EndedUnclosed as ended:
        return f"{ended.how}, not closed"
    except (CommandFailed, DomainError):
        return ""


def _show(status: IncidentStatus, as_json: bool) -> None:
    if as_json:
        say_json(status.model_dump(mode="json"))
    else:
        show(incident_view(status))


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("open")(open_)
    app.command("list")(list_)
    app.command("advance")(advance)
    app.command("close")(close)
