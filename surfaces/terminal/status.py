"""``status``: how an incident stands, once or live."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console, RenderableType
from rich.live import Live
from temporalio.client import Client
from temporalio.service import RPCError

from client import incidents
from client.asking import live_status
from client.errors import CommandFailed, EndedUnclosed, UnknownIncident, explain
from client.mail_progress import MailProgress, MailWatch
from domain.errors import DomainError
from domain.message_state import MessagePhase
from domain.status import IncidentStatus
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from surfaces.terminal.copy_view import preview
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import say_json, screen, show
from surfaces.terminal.session import ledger, run
from surfaces.terminal.status_view import incident_view
from wiring import connect

EVERY = 1.0
"""Seconds between two looks."""


def status(
    slug: Slug,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay and keep it live.")] = False,
    as_json: Json = False,
) -> None:
    """Show how an incident stands: stage, messages, signatures, channels, and what to do next.

    Example: frontfoot status site-down --watch
    """
    if watch:
        # Ctrl-C is how a watch is meant to end.
        with contextlib.suppress(KeyboardInterrupt):
            run(_watch(slug, as_json=as_json))
    elif as_json:
        say_json(run(_once(slug)).document())
    else:
        show(run(_once(slug)).view())


class Look:
    """Everything that one look at an incident brought."""

    def __init__(
        self,
        status: IncidentStatus,
        mails: list[MailProgress],
        previews: dict[int, str],
        notices: list[str],
        *,
        over: bool = False,
    ) -> None:
        self.status = status
        self.mails = mails
        self.previews = previews
        self.notices = notices
        self.over = over or status.closed_at is not None

    def view(self, *, brief: bool = False) -> RenderableType:
        """For a person."""
        ended = self.over and self.status.closed_at is None
        return incident_view(
            self.status, self.mails, self.previews, self.notices, brief=brief, ended=ended
        )

    def document(self) -> dict[str, object]:
        """For a machine: the status, and the mails' progress beside it. No copy."""
        return {
            **self.status.model_dump(mode="json"),
            "mails": [mail.model_dump(mode="json") for mail in self.mails],
        }


class Watcher:
    """Looks at one incident again and again, over one client and one ledger."""

    def __init__(self, client: Client, database: Database, slug: str) -> None:
        self._client = client
        self._database = database
        self._slug = slug
        self._mails = MailWatch(database)
        self._previews: dict[str, str] = {}

    async def look(self) -> Look:
        """How it stands now; without the ledger, no previews and no mails, and it says so."""
        notices: list[str] = []
        try:
            status = await live_status(self._client, self._slug)
        except EndedUnclosed as ended:
            status = await incidents.status(self._client, self._slug)
            notices.append(str(ended))
        over = bool(notices)
        try:
            mails = await self._mails.look(status)
            return Look(status, mails, await self._read(status), notices, over=over)
        except StoreUnavailable as error:
            notices.append(f"{error.what} {error.next_step}")
        except DomainError as error:
            notices.append(str(error))
        return Look(status, [], {}, notices, over=over)

    async def _read(self, status: IncidentStatus) -> dict[int, str]:
        found: dict[int, str] = {}
        for message in status.messages:
            if message.phase is not MessagePhase.WAITING:
                continue
            if message.digest not in self._previews:
                document = await incidents.load_document(self._database, self._slug, message)
                self._previews[message.digest] = preview(document)
            found[message.number] = self._previews[message.digest]
        return found


async def _once(slug: str) -> Look:
    client = await connect()
    async with ledger() as database:
        return await Watcher(client, database, slug).look()


async def _watch(slug: str, *, as_json: bool) -> None:
    """Stay until the incident is closed or somebody presses Ctrl-C."""
    client = await connect()
    console = screen()
    async with ledger() as database:
        watcher = Watcher(client, database, slug)
        look = await watcher.look()
        if as_json or not console.is_terminal:
            await _changes(watcher, look, as_json=as_json)
        else:
            await _live(console, watcher, look)


async def _live(console: Console, watcher: Watcher, look: Look) -> None:
    """Keep one picture of it on the terminal."""
    with Live(look.view(brief=True), console=console, auto_refresh=False) as live:
        while not look.over:
            await asyncio.sleep(EVERY)
            look = await _next(watcher, look)
            live.update(look.view(brief=True), refresh=True)


async def _changes(watcher: Watcher, look: Look, *, as_json: bool) -> None:
    """Print it anew whenever something has changed: for logs, and JSON one line each."""
    shown: object = None
    while True:
        document = look.document()
        if document != shown:
            shown = document
            if as_json:
                sys.stdout.write(orjson.dumps(document).decode() + "\n")
                sys.stdout.flush()
            else:
                show(look.view())
        if look.over:
            return
        await asyncio.sleep(EVERY)
        look = await _next(watcher, look)


async def _next(watcher: Watcher, last: Look) -> Look:
    try:
        return await watcher.look()
    except UnknownIncident:
        raise
    except (CommandFailed, RPCError) as error:
        # Whoever watches through an outage wants it to come back by itself.
        said = explain(error) or error
        return Look(last.status, last.mails, last.previews, [f"Not up to date: {said}"])


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("status")(status)
