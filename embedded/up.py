"""``up``: everything on this machine, kept running until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import UTC, datetime
from typing import Annotated

import typer

from client.stack.ports import OPTIONS, Ports
from embedded.stack import Stack
from surfaces.terminal.printing import clock, say
from surfaces.terminal.session import load_settings, run

_DEFAULT = Ports()
_ASKED_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    temporal_port: Annotated[
        int, typer.Option(envvar=OPTIONS["temporal"][1], help="Temporal's port.")
    ] = _DEFAULT.temporal,
    ui_port: Annotated[
        int, typer.Option(envvar=OPTIONS["ui"][1], help="The port of Temporal's pages.")
    ] = _DEFAULT.ui,
    sandbox_port: Annotated[
        int, typer.Option(envvar=OPTIONS["sandbox"][1], help="The sandbox's port.")
    ] = _DEFAULT.sandbox,
    webhook_port: Annotated[
        int, typer.Option(envvar=OPTIONS["webhooks"][1], help="The webhook receiver's port.")
    ] = _DEFAULT.webhooks,
    only_sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Use the sandbox even where credentials are set.")
    ] = False,
) -> None:
    """Start Temporal, the sandbox, the webhook receiver and a worker here, and keep them running.

    Nothing leaves this machine: every channel speaks to the sandbox, unless
    its credentials are set (it says so, loudly). State is kept in .frontfoot,
    so that a restart loses nothing.

    Example: frontfoot up --temporal-port 7300
    """
    ports = Ports(temporal_port, ui_port, sandbox_port, webhook_port)
    run(_up(ports, live=not only_sandbox))


async def _up(ports: Ports, *, live: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _ASKED_TO_STOP:
        loop.add_signal_handler(number, stop.set)
    # Read before the stack's own address takes its place.
    elsewhere = os.environ.get("TEMPORAL_ADDRESS", "")
    stack = Stack(load_settings().state_dir, ports=ports, live=live, say=_say)
    say("Starting Temporal, the sandbox, the webhook receiver and a worker …")
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        say("Stopped before everything was up; nothing is left running.")
        return
    try:
        await starting
        _say_where(stack, elsewhere)
        await stop.wait()
        say("")
        say("Stopping, the worker first; Ctrl-C once more ends everything at once …")
        for number in _ASKED_TO_STOP:
            loop.add_signal_handler(number, stack.end_at_once)
    finally:
        stopping.cancel()
        await stack.stop()
    say(
        f"Everything has stopped. Its state is in {stack.state}; `frontfoot up` goes on from there."
    )


def _say_where(stack: Stack, elsewhere: str) -> None:
    where = stack.addresses
    say("Everything is running.", "bold green")
    say(f"  What the world sees   {where['sandbox']}    (timeline, Page and inbox)")
    say(f"  Temporal's pages      {where['ui']}")
    say(f"  Temporal              {where['temporal']}")
    if "webhooks" in stack.parts:
        say(f"  Webhook receiver      {where['webhooks']}")
    say(f"  State and logs        {stack.state}")
    if elsewhere and elsewhere != where["temporal"]:
        say(
            f"TEMPORAL_ADDRESS is set to {elsewhere}: commands will go there, not here. Unset it "
            "to use this stack.",
            "bold yellow",
        )
    say("")
    say("In a second terminal, in this folder:")
    say("  frontfoot audience import FILE.csv --name customers")
    say('  frontfoot open site-down --title "Sign-in is down" --audience customers --as maya')
    say("Ctrl-C stops everything and keeps the state.")


def _say(text: str) -> None:
    loud = text.startswith("LIVE:")
    say(f"{clock(datetime.now(UTC))}  {text}", "bold white on red" if loud else "yellow")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("up")(up)
