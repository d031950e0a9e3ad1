"""``revise``: rewriting a waiting message."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from client import messages
from surfaces.terminal.drafting import (
    NO_PROMISE,
    Components,
    Other,
    Subject,
    TextFile,
    TextOption,
    component_states,
    free_copy,
    promised,
    put_to_signing,
)
from surfaces.terminal.options import By, Json, Number, Slug, actor


def revise(
    slug: Slug,
    number: Number,
    text_file: TextFile = None,
    text: TextOption = None,
    subject: Subject = None,
    other: Other = None,
    next_update_by: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Promise the next update by another time, as in propose; none takes the promise "
            "out. Without it the promise stays.",
        ),
    ] = None,
    component: Components = None,
    notify: Annotated[
        bool | None,
        typer.Option(
            "--notify/--no-notify",
            help="Tell the subscribers of the status page, or do not; without it, as before.",
            show_default=False,
        ),
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Rewrite a waiting message; whoever signed the old words has to sign again.

    Without free copy it is made from the templates again, with the facts as they are now. It
    promises the next update by the same time, unless you give another.

    Example: frontfoot revise site-down 1 --text-file better.txt --as maya
    """
    none = next_update_by == NO_PROMISE
    write = partial(
        messages.revise,
        slug=slug,
        message=number,
        actor=actor(by),
        copy=free_copy(text, text_file, subject, other),
        next_update_by=None if none else promised(next_update_by),
        promise_none=none,
        components=component_states(component),
        notify=notify,
    )
    put_to_signing(slug, write, as_json)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("revise")(revise)
