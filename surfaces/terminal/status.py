"""``status``: the status of an incident, once or live."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from client.engine import Engine
from client.status import Look, Watcher
from surfaces.terminal.copy_view import preview
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.output import lost_output
from surfaces.terminal.printing import say_json, screen, show
from surfaces.terminal.session import run
from surfaces.terminal.status_view import incident_view
from surfaces.terminal.wording import told

EVERY = 1.0
"""Seconds between two looks."""


def status(
    slug: Slug,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Keep updating until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the status of an incident: stage, messages, signatures, channels, next steps.

    Example: frontfoot status site-down --watch
    """
    if watch:
        # Ctrl-C is how a watch is meant to end.
        with contextlib.suppress(KeyboardInterrupt):
            run(lambda engine: _watch(engine, slug, as_json=as_json))
    elif as_json:
        say_json(_document(_once(slug)))
    else:
        show(_view(_once(slug)))


def _once(slug: str) -> Look:
    return run(lambda engine: _look(engine, slug))


async def _look(engine: Engine, slug: str) -> Look:
    watcher = Watcher(engine, slug)
    try:
        return await watcher.look()
    finally:
        await watcher.rest()


async def _watch(engine: Engine, slug: str, *, as_json: bool) -> None:
    """Stay until the incident is closed or somebody presses Ctrl-C."""
    console = screen()
    watcher = Watcher(engine, slug)
    try:
        look = await watcher.look()
        if as_json or not console.is_terminal:
            await _changes(watcher, look, as_json=as_json)
        else:
            await _live(console, watcher, look)
    finally:
        await watcher.rest()


async def _live(console: Console, watcher: Watcher, look: Look) -> None:
    """Keep one live view of it on the terminal."""
    with Live(_view(look, brief=True), console=console, auto_refresh=False) as live:
        while not look.over:
            await asyncio.sleep(EVERY)
            look = await watcher.look_again(look)
            live.update(_view(look, brief=True), refresh=True)


async def _changes(watcher: Watcher, look: Look, *, as_json: bool) -> None:
    """Print it again whenever something has changed: for logs, and JSON one line each."""
    shown: object = None
    while True:
        document = _document(look)
        if document != shown:
            shown = document
            if as_json:
                say_json(document, one_line=True)
            else:
                show(_view(look))
        # At once, for whoever reads along; and when the other end of the pipe has gone, it is over.
        if lost_output() is not None or look.over:
            return
        await asyncio.sleep(EVERY)
        look = await watcher.look_again(look)


def _view(look: Look, *, brief: bool = False) -> RenderableType:
    """For a person."""
    before = "Not up to date: " if look.stale else ""
    return incident_view(
        look.status,
        look.mails,
        {number: preview(document) for number, document in look.waiting.items()},
        [f"{before}{told(notice)}" for notice in look.notices],
        look.coverage,
        brief=brief,
        ended=look.over and look.status.closed_at is None,
    )


def _document(look: Look) -> dict[str, object]:
    """For a machine: the status, and beside it the mails' progress and the mentions. No copy."""
    return {
        **look.status.model_dump(mode="json"),
        "mails": [mail.model_dump(mode="json") for mail in look.mails],
        "mentions": _mentions(look),
    }


def _mentions(look: Look) -> dict[str, object] | None:
    """The coverage, without the moment at which it was read: that is no change."""
    report = look.coverage
    if report is None:
        return None
    return report.total.model_dump(mode="json") | report.model_dump(mode="json", exclude={"at"})


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("status")(status)
