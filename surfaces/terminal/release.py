"""``release``: publishing a holding statement that was approved in advance."""

from __future__ import annotations

from typing import Annotated

import typer

from client.errors import WrongInput
from client.holding import release as release_statement
from domain.holding import FIRST_WORD
from surfaces.terminal.drafting import NextUpdate, promised
from surfaces.terminal.message_view import show_message
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.session import run


def release(
    slug: Slug,
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="Its name in the playbook.")
    ] = FIRST_WORD,
    blank: Annotated[
        list[str] | None,
        typer.Option(
            "--blank", metavar="NAME=VALUE", help="What stands in a blank; may be repeated."
        ),
    ] = None,
    next_update_by: NextUpdate = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Publish a statement that was approved in advance: nobody has to sign it any more.

    Its blanks take only what was approved with it; `frontfoot holding list` shows them.

    Example: frontfoot release site-down --next-update-by 30m --as maya
    """
    who, values, until = actor(by), _blanks(blank), promised(next_update_by)
    message = run(
        lambda engine: release_statement(
            engine, slug, statement, actor=who, blanks=values, next_update_by=until
        )
    )
    show_message(message, as_json)


def _blanks(pairs: list[str] | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in pairs or []:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise WrongInput(
                f"--blank {pair!r} fills nothing.", "Write --blank 'component=Web app'."
            )
        values[name.strip()] = value.strip()
    return values


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("release")(release)
