"""``reject``: sending a message back to its author."""

from __future__ import annotations

from typing import Annotated

import typer

from client.errors import WrongInput
from domain.gate import Verdict
from surfaces.terminal import decision
from surfaces.terminal.decision import DigestOption, OptionalNumber
from surfaces.terminal.options import By, Json, Slug, actor


def reject(
    slug: Slug,
    number: OptionalNumber = None,
    digest: DigestOption = None,
    reason: Annotated[str, typer.Option(help="Why; the author will read it.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Send a message back to its author, with the reason.

    Example: frontfoot reject site-down 1 --digest 3f2a91bc --reason "Too vague" --as tomas
    """
    if not reason.strip():
        raise WrongInput("The author needs a reason.", 'Add --reason "what has to change".')
    decision.take(slug, number, digest, actor(by), Verdict.REJECT, reason.strip(), as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("reject")(reject)
