"""``approve``: signing exactly what was read."""

from __future__ import annotations

import typer

from domain.gate import Verdict
from surfaces.terminal import decision
from surfaces.terminal.decision import DigestOption, OptionalNumber
from surfaces.terminal.options import By, Json, Slug, actor


def approve(
    slug: Slug,
    number: OptionalNumber = None,
    digest: DigestOption = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Sign a message. If yours is the last signature needed, it goes out at once.

    Without --digest the copy is shown and you are asked; a script has to name the digest.

    Example: frontfoot approve site-down 1 --digest 3f2a91bc --as noor
    """
    decision.take(slug, number, digest, actor(by), Verdict.APPROVE, "", as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("approve")(approve)
