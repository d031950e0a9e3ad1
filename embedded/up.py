"""``up``: everything on this machine, kept running until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from client.configuration import load_settings
from client.signing_in import make_link
from client.stack.ports import OPTIONS, Ports
from domain.times import show_clock
from embedded.stack import Stack

_DEFAULT = Ports()
_ASKED_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    temporal_port: Annotated[
        int, typer.Option(envvar=OPTIONS["temporal"][1], help="Temporal's port.")
    ] = _DEFAULT.temporal,
    ui_port: Annotated[
        int, typer.Option(envvar=OPTIONS["ui"][1], help="The port of Temporal's web pages.")
    ] = _DEFAULT.ui,
    sandbox_port: Annotated[
        int, typer.Option(envvar=OPTIONS["sandbox"][1], help="The sandbox's port.")
    ] = _DEFAULT.sandbox,
    webhook_port: Annotated[
        int, typer.Option(envvar=OPTIONS["webhooks"][1], help="The webhook receiver's port.")
    ] = _DEFAULT.webhooks,
    console_port: Annotated[
        int, typer.Option(envvar=OPTIONS["console"][1], help="The console's port.")
    ] = _DEFAULT.console,
    console_url: Annotated[
        str,
        typer.Option(
            envvar="FRONTFOOT_CONSOLE_URL",
            help="Where people reach the console, if a proxy with HTTPS stands in front of it.",
        ),
    ] = "",
    reading_url: Annotated[
        str,
        typer.Option(
            "--console-reading-url",
            envvar="FRONTFOOT_CONSOLE_READING_URL",
            help="Where phones in this network only read the console, without HTTPS.",
        ),
    ] = "",
    only_sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Use the sandbox even where credentials are set.")
    ] = False,
) -> None:
    """Start Temporal, the sandbox, the webhook receiver, the console and a worker here.

    They keep running until Ctrl-C. Nothing leaves this machine: every channel
    uses the sandbox, unless its credentials are set (which is shown in red).
    State is kept in .frontfoot, so that a restart loses nothing.

    Example: frontfoot up --temporal-port 7300
    """
    ports = Ports(temporal_port, ui_port, sandbox_port, webhook_port, console_port)
    asyncio.run(_up(ports, console_url, reading_url, live=not only_sandbox))


async def _up(ports: Ports, console_url: str, reading_url: str, *, live: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _ASKED_TO_STOP:
        loop.add_signal_handler(number, stop.set)
    # Read before the stack's own address takes its place.
    elsewhere = os.environ.get("TEMPORAL_ADDRESS", "")
    stack = Stack(
        load_settings().state_dir,
        ports=ports,
        live=live,
        console=True,
        console_url=console_url,
        reading_url=reading_url,
        say=_say,
    )
    _print("Starting Temporal, the sandbox, the webhook receiver, the console and a worker …")
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        _print("Stopped before everything was up; nothing is left running.")
        return
    try:
        await starting
        _say_where(stack, elsewhere)
        await _say_how_to_enter(stack)
        await stop.wait()
        _print("")
        _print("Stopping, the worker first; Ctrl-C once more ends everything at once …")
        for number in _ASKED_TO_STOP:
            loop.add_signal_handler(number, stack.end_at_once)
    finally:
        stopping.cancel()
        await stack.stop()
    _print(f"Everything has stopped. Its state is in {stack.state}; `frontfoot up` goes on there.")


def _say_where(stack: Stack, elsewhere: str) -> None:
    where = stack.addresses
    _print("Everything is running.", "bold green")
    _print(f"  What the public sees  {where['sandbox']}    (timeline, Page and inbox)")
    _print(f"  Your people's phones  {where['sandbox']}/phones")
    if stack.shows_page:
        _print(f"  Status page           {where['webhooks']}")
    _print(f"  Temporal's pages      {where['ui']}")
    _print(f"  Temporal              {where['temporal']}")
    if "webhooks" in stack.parts:
        _print(f"  Webhook receiver      {where['webhooks']}")
    _print(f"  State and logs        {stack.state}")
    if elsewhere and elsewhere != where["temporal"]:
        _print(
            f"TEMPORAL_ADDRESS is set to {elsewhere}: commands will go there, not here. Unset it "
            "to use this stack.",
            "bold yellow",
        )
    _print("")
    _print("In a second terminal, in this folder:")
    _print("  frontfoot audience import FILE.csv --name customers")
    _print('  frontfoot open site-down --title "Sign-in is down" --audience customers --as maya')
    _print("Ctrl-C stops everything and keeps the state.")


async def _say_how_to_enter(stack: Stack) -> None:
    if stack.real:
        _print(f"The console: {stack.addresses['console']}", "bold")
        _print("`frontfoot sign-in --person NAME` prints a link for one person, once.")
        return
    async with await stack.engine() as engine:
        link = f"{stack.addresses['console']}{await make_link(engine)}"
    _print(f"The console: {link}", "bold")
    _print("The link signs in once, within 15 minutes; `frontfoot sign-in` prints another.")


def _say(text: str) -> None:
    loud = text.startswith("LIVE:")
    at = show_clock(datetime.now(UTC))
    _print(f"{at}  {text}", "bold white on red" if loud else "yellow")


def _print(text: str, style: str = "") -> None:
    """One paragraph, unbroken, so that commands and addresses can be copied."""
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(Text(text, style=style), soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("up")(up)
