"""``propose``: putting a message before its gate."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from client import messages
from client.asking import incident_status
from domain.message import MessageKind
from domain.times import show_clock
from surfaces.terminal.drafting import (
    Components,
    NextUpdate,
    Other,
    Subject,
    TextFile,
    TextOption,
    component_states,
    free_copy,
    promised,
    put_to_signing,
)
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import say
from surfaces.terminal.session import run


def propose(
    slug: Slug,
    kind: Annotated[MessageKind, typer.Argument(metavar="KIND", help="What the message is for.")],
    text_file: TextFile = None,
    text: TextOption = None,
    subject: Subject = None,
    other: Other = None,
    next_update_by: NextUpdate = None,
    component: Components = None,
    no_notify: Annotated[
        bool,
        typer.Option("--no-notify", help="Do not tell the subscribers of the status page."),
    ] = False,
    owner: Annotated[
        str,
        typer.Option(metavar="PERSON", help="Who keeps the promise, if not you."),
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Propose a message and put it before its gate; nothing goes out before it is signed.

    The copy comes from the playbook's templates and the facts, unless you bring your own.

    Example: frontfoot propose site-down announcement --next-update-by 45m --as maya
    """
    write = partial(
        messages.propose,
        slug=slug,
        kind=kind,
        actor=actor(by),
        copy=free_copy(text, text_file, subject, other),
        next_update_by=promised(next_update_by),
        components=component_states(component),
        notify=not no_notify,
        owner=owner.strip(),
    )
    put_to_signing(slug, write, as_json)
    if not next_update_by and kind.published and not as_json:
        _suggest_promise(slug)


def _suggest_promise(slug: str) -> None:
    """Say what people would expect as the time of the next word; nothing is promised by itself."""
    status = run(lambda engine: incident_status(engine, slug))
    if status.suggested_promise is not None and status.severity is not None:
        until = show_clock(status.suggested_promise)
        say(
            f"It promises no next update. At {status.severity.in_words} people expect one by "
            f"{until}: revise it with --next-update-by.",
            "yellow",
        )


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("propose")(propose)
