"""``frontfoot demo``: the Buffer Saturday against the sandbox, and a scorecard that can fail."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import httpx
import typer
import yaml
from rich.console import Console
from temporalio.client import Client

from client.errors import ExitCode
from client.stack.ports import Ports
from embedded.demo import faults
from embedded.demo.audience import write_audience
from embedded.demo.scenario import Scenario, Story
from embedded.demo.scorecard import add_up, show
from embedded.demo.view import View
from embedded.stack import Stack
from store.files.audience_csv import read_rows
from store.files.playbook_folder import read_playbook
from store.kernel.database import Database
from store.people import audiences
from surfaces.terminal import session

AUDIENCE = "customers"
PLAYBOOK = "site-compromised"

WINDOWS = {
    "broadcast": {"in_flight": 8, "unknown_window": "20s"},
    "looking": {"looks": 3, "apart": "2s"},
}
"""The plan's waiting times in seconds, not minutes: the sandbox tells of its mail at once."""


def demo(
    recipients: Annotated[
        int, typer.Option(help="How many customers to write to.", min=200, max=10_000_000)
    ] = 10_000,
    state_dir: Annotated[
        Path, typer.Option(help="Folder for the demo's files; what is in it is removed first.")
    ] = Path(".frontfoot/demo"),
) -> None:
    """Play a whole incident against the sandbox: everything real but the providers.

    Example: frontfoot demo --recipients 200000
    """
    passed = session.run(play(recipients, state_dir, Console()))
    raise typer.Exit(ExitCode.DONE if passed else ExitCode.FAILED)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("demo")(demo)


async def play(recipients: int, state_dir: Path, console: Console) -> bool:
    """Play the Saturday in ``state_dir``, print the scorecard, and return whether it is a pass."""
    shutil.rmtree(state_dir, ignore_errors=True)
    console.print(f"Starting Temporal, sandbox, webhook receiver and worker in {state_dir} …")
    stack = Stack(state_dir, ports=Ports.free(), say=lambda text: console.print(f"  {text}"))
    await stack.start()
    try:
        database = Database.open(f"sqlite:///{stack.state / 'frontfoot.db'}")
        async with httpx.AsyncClient(base_url=stack.addresses["sandbox"], timeout=60) as sandbox:
            return await Demo(stack, database, sandbox, console).run(recipients)
    finally:
        await stack.stop()
        console.print(f"Everything is stopped. Logs and databases are in {state_dir}.")


class Demo:
    """The stage on which the scenario plays."""

    client: Client

    def __init__(
        self, stack: Stack, database: Database, sandbox: httpx.AsyncClient, console: Console
    ) -> None:
        self.database = database
        self._stack = stack
        self._sandbox = sandbox
        self._console = console
        self._slowness: int | None = None
        self._view = View(console, database)

    async def run(self, recipients: int) -> bool:
        """Import, play, reconcile; returns whether it is a pass."""
        self.client = await self._stack.client()
        story = Story()
        try:
            async with self._view:
                await self._import(recipients)
                # With few recipients the broadcast would be over before anybody could be killed.
                slow = 0.3 if recipients < 200_000 else 0.0
                self._slowness = await faults.switch_on(self._sandbox, slow_mail=slow)
                files = quickened(
                    dict(read_playbook(session.load_settings().playbooks_dir / PLAYBOOK)),
                    recipients,
                )
                status = await Scenario(self, story).play(files, AUDIENCE)
                self._view.say("holding the ledger against the sandbox's own books")
                score = await add_up(self.database, self._sandbox, status, story)
            show(self._console, score, story)
        finally:
            await self.database.close()
        return not score.wrong

    def say(self, text: str) -> None:
        """Tell one thing that happened."""
        self._view.say(text)

    async def kill_worker(self) -> None:
        """SIGKILL for the worker; the stack starts another one by itself."""
        self.say("SIGKILL for the worker, in the middle of the broadcast")
        self._stack.kill("worker")
        await faults.lift(self._sandbox, self._slowness)

    async def _import(self, recipients: int) -> None:
        path = self._stack.state / "customers.csv"
        bouncing = await asyncio.to_thread(write_audience, path, recipients)
        rows = read_rows(path, path.with_suffix(".rejects.csv"))
        imported = await audiences.import_rows(self.database, AUDIENCE, rows)
        self.say(
            f"imported {imported.added:,} customers ({bouncing} dead addresses among them), "
            f"{rows.rejected} broken rows set aside with their reasons"
        )


def quickened(files: dict[str, str], recipients: int) -> dict[str, str]:
    """The playbook's files with the demo's waiting times, and batches that make 40 requests."""
    plan = yaml.safe_load(files["playbook.yaml"])
    for section, values in WINDOWS.items():
        plan[section] = {**plan.get(section, {}), **values}
    plan["broadcast"]["batch_size"] = max(1, min(1000, recipients // 40))
    return {**files, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}
