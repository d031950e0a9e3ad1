"""``open``: opening an incident, or joining the one that is open."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from client import incidents, playbooks
from client.engine import Engine
from domain.severity import Severity
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import moment, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.severity import Severities
from surfaces.terminal.status_view import incident_view
from surfaces.terminal.wording import told


def open_(
    slug: Slug,
    title: Annotated[str, typer.Option(help="What happened, in one line; the public will see it.")],
    playbook: Annotated[
        str, typer.Option(help="A playbook's name, or the path of its folder.")
    ] = "site-compromised",
    audience: Annotated[
        list[str] | None,
        typer.Option(help="Who gets the mail: an imported audience; may be repeated."),
    ] = None,
    severity: Severities = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Open an incident, or join the one that is open under this name.

    The playbook is copied into the incident: editing it afterwards changes nothing here.

    Example: frontfoot open site-down --title "Sign-in is down" --audience customers --as maya
    """
    who = actor(by)

    async def work(engine: Engine) -> incidents.Opened:
        files = await asyncio.to_thread(playbooks.read_files, engine.settings, playbook)
        return await incidents.open_incident(
            engine,
            slug=slug,
            title=title,
            files=files,
            actor=who,
            audiences=audience or (),
            severity=None if severity is None else Severity(severity),
        )

    opened = run(work)
    if as_json:
        say_json(opened.model_dump(mode="json"))
        return
    status = opened.status
    if opened.joined:
        say(f"{slug} is open already, since {moment(status.opened_at)} UTC: you have joined it.")
        if status.title != title.strip() or status.audiences != tuple(audience or ()):
            say("It keeps its own title and audiences; yours were not used.", "yellow")
    else:
        say(f"Incident {slug} is open.", "bold")
    for notice in opened.notices:
        say(told(notice), "yellow")
    say(f"Its ledger: {opened.ledger}", "dim")
    say("")
    show(incident_view(status))


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("open")(open_)
