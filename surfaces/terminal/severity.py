"""``severity``: saying that an incident is worse, or less bad, than was thought."""

from __future__ import annotations

from typing import Annotated

import typer

from client.severity import set_severity
from domain.severity import Severity
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.session import run
from surfaces.terminal.status_view import show_incident

Severities = Annotated[
    int | None,
    typer.Option(
        "--severity",
        metavar="1|2|3",
        min=1,
        max=3,
        help="How bad it is, 1 is the worst; without it, what the playbook says.",
    ),
]


def severity(
    slug: Slug,
    new: Annotated[int, typer.Argument(metavar="1|2|3", min=1, max=3, help="1 is the worst.")],
    reason: Annotated[str, typer.Option(help="Why; it is in the timeline.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Set the severity of an incident, which decides how soon and how often people are asked.

    The impact that the status page shows is each message's own, and stays as it was signed.

    Example: frontfoot severity site-down 1 --reason "Payments fail too" --as noor
    """
    who, chosen = actor(by), Severity(new)
    status = run(lambda engine: set_severity(engine, slug, chosen, actor=who, reason=reason))
    show_incident(status, as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("severity")(severity)
