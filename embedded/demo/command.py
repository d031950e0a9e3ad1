"""``frontfoot demo``: the Buffer Saturday against the sandbox, and a scorecard that can fail."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
import yaml
from rich.console import Console

from client.audiences import import_audience
from client.configuration import load_settings
from client.engine import Engine
from client.playbooks import read_files
from client.stack.ports import Ports
from client.subscribers import import_subscribers
from domain.gate import Requirement
from domain.message import MessageKind
from domain.status import MessageStatus
from embedded.demo import crowd, desk, faults, other_system, silence
from embedded.demo.audience import write_audience
from embedded.demo.crowd import Crowd
from embedded.demo.scenario import PLAYBOOK, Scenario
from embedded.demo.scorecard import add_up
from embedded.demo.scorecard_view import show
from embedded.demo.screen import DemoScreen
from embedded.demo.signers import APPROVERS, Signers
from embedded.demo.story import LEAD, Story
from embedded.demo.subscribers import READER, sign_up, write_subscribers
from embedded.environment import PHONES
from embedded.stack import Stack

AUDIENCE = "customers"
REQUIRES = {
    MessageKind.ANNOUNCEMENT: Requirement.KEY,
    MessageKind.PROGRESS_UPDATE: Requirement.PASSKEY,
    MessageKind.RESOLUTION_NOTE: Requirement.KEY,
    MessageKind.GOODWILL_OFFER: Requirement.PASSKEY,
}
"""What each message has to be signed with."""

WINDOWS: dict[str, dict[Any, Any]] = {
    "broadcast": {"unknown_window": "20s"},
    "looking": {"looks": 3, "apart": "2s"},
    "escalation": {
        severity: {"remind": "1s", "deputy": "2s", "next_role": "4s", "hold": "60s"}
        for severity in (1, 2, 3)
    },
    "promises": silence.CLOCK,
}
"""The plan's waiting times in seconds, not minutes: the sandbox reports at once."""


def demo(
    recipients: Annotated[
        int, typer.Option(help="How many customers to write to.", min=200, max=10_000_000)
    ] = 10_000,
    state_dir: Annotated[
        Path, typer.Option(help="Folder for the demo's files; it is emptied first.")
    ] = Path(".frontfoot/demo"),
) -> None:
    """Play a whole incident against the sandbox: everything is real except the providers.

    Example: frontfoot demo --recipients 200000
    """
    if not asyncio.run(play(recipients, state_dir, Console())):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("demo")(demo)


async def play(recipients: int, state_dir: Path, console: Console) -> bool:
    """Play the Saturday in ``state_dir``, print the scorecard, and return whether it is a pass."""
    shutil.rmtree(state_dir, ignore_errors=True)
    # For its parts, and for what the desk asks here: whether a reply fits its channel.
    os.environ.update(crowd.SETTINGS)
    # The demo's people have phones in the sandbox, and nobody else's phone rings.
    os.environ.pop(PHONES, None)
    console.print(f"Starting Temporal, sandbox, webhook receiver and worker in {state_dir} …")
    stack = Stack(
        state_dir,
        ports=Ports.free(),
        say=lambda text: console.print(f"  {text}"),
    )
    await stack.start()
    try:
        async with (
            await stack.engine() as engine,
            _client(stack.addresses["sandbox"]) as sandbox,
            _client(stack.addresses["webhooks"]) as website,
        ):
            signers = Signers(engine, sandbox, stack.addresses["console"])
            return await Demo(stack, engine, sandbox, website, signers, console).run(recipients)
    finally:
        await stack.stop()
        console.print(f"Everything is stopped. Logs and databases are in {state_dir}.")


def _client(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, timeout=60, trust_env=False)


class Demo:
    """The scenario's stack and its screen."""

    def __init__(
        self,
        stack: Stack,
        engine: Engine,
        sandbox: httpx.AsyncClient,
        website: httpx.AsyncClient,
        signers: Signers,
        console: Console,
    ) -> None:
        self.engine = engine
        self._stack = stack
        self._sandbox = sandbox
        self._website = website
        self._signers = signers
        self._subscribers = 0
        self._crowd = Crowd(sandbox, stack.addresses["webhooks"])
        self._console = console
        self._slowness: int | None = None
        self._screen = DemoScreen(console, engine)

    async def run(self, recipients: int) -> bool:
        """Import, play, reconcile; returns whether it is a pass."""
        story = Story()
        async with self._screen:
            await self._import(recipients)
            await other_system.introduce(self.engine, self._sandbox)
            self.say(f"{other_system.NAME} is told by webhooks what happens")
            self._subscribers = max(50, recipients // 20)
            # With few recipients the broadcast would be over before anybody could be killed.
            slow = 0.3 if recipients < 200_000 else 0.0
            self._slowness = await faults.switch_on(self._sandbox, slow_mail=slow)
            shipped = await asyncio.to_thread(read_files, load_settings(), PLAYBOOK)
            files = quickened(dict(shipped), recipients)
            status = await Scenario(self, story).play(files, AUDIENCE)
            self._screen.say("comparing the ledger with the sandbox and with the status page")
            score = await add_up(
                self.engine,
                self._sandbox,
                self._website,
                status,
                story,
                webhooks=self._crowd.webhooks,
            )
        show(self._console, score, story)
        return not score.wrong

    def say(self, text: str) -> None:
        """Show one thing that happened."""
        self._screen.say(text)

    async def enrol_approvers(self) -> None:
        """Give everybody who signs a key and a passkey."""
        await self._signers.enrol()
        self.say(f"{', '.join(APPROVERS)} have a key and a passkey each")

    async def prove(self, who: str, message: MessageStatus, incident: str) -> str:
        """The id of a proof that somebody approves."""
        return await self._signers.prove(who, message, incident)

    async def kill_worker(self) -> None:
        """SIGKILL for the worker; the stack starts another one by itself."""
        self.say("SIGKILL for the worker, in the middle of the broadcast")
        self._stack.kill("worker")
        await faults.lift(self._sandbox, self._slowness)

    async def take_subscribers(self) -> list[str]:
        """Have people subscribe to the status page; return those who are customers as well."""
        await sign_up(self._website, self._sandbox, READER)
        self.say(f"{READER} subscribes on the status page, and confirms by the link in the mail")
        path = self._stack.state / "subscribers.csv"
        both = await asyncio.to_thread(write_subscribers, path, self._subscribers)
        imported = await import_subscribers(self.engine, path, by=LEAD)
        self.say(
            f"imported {imported.added:,} subscribers of the status page, "
            f"{len(both):,} of them customers as well"
        )
        return both

    async def let_crowd_speak(self) -> dict[str, frozenset[str]]:
        """Have strangers speak on four channels while people are being told."""
        await self._crowd.speak()
        by_channel = ", ".join(f"{many:,} on {channel}" for channel, many in crowd.SAID.items())
        self.say(
            f"strangers say {sum(crowd.SAID.values()):,} things: {by_channel}; most of those on "
            "facebook are comments, which begin once our post is there"
        )
        await crowd.listen(self.engine)
        return self._crowd.said

    async def answer_crowd(self) -> None:
        """Have the desk answer all but the press, and not wait for who comments later."""
        await self._crowd.arrive(self.engine)
        await self._crowd.forge()
        self.say("the desk has heard them; some now edit or delete what they said")
        await self._crowd.change_minds()
        await crowd.listen(self.engine)
        comments = asyncio.create_task(self._crowd.comment(self.engine))
        try:
            await desk.answer_crowd(self.engine, self._sandbox, self.say, comments)
            await comments
        finally:
            # Nobody goes on talking while the scorecard counts.
            comments.cancel()
        edited = await self._crowd.change_answered()
        self.say(f"{edited} authors edit what we have answered: nobody is answered again")
        await crowd.listen(self.engine)
        await desk.answer_crowd(self.engine, self._sandbox, self.say)

    async def answer_press(self) -> None:
        """Have the last ones answered by hand."""
        self.say("a person answers the press in their own words, and a second one agrees")
        await desk.answer_press(self.engine, self._sandbox, self.say)

    async def _import(self, recipients: int) -> None:
        path = self._stack.state / "customers.csv"
        bouncing = await asyncio.to_thread(write_audience, path, recipients)
        rejects = path.with_suffix(".rejects.csv")
        imported = await import_audience(self.engine, path, AUDIENCE, rejects=rejects)
        self.say(
            f"imported {imported.added:,} customers ({bouncing} dead addresses among them), "
            f"{imported.report.rejected} broken rows set aside with their reasons"
        )


def quickened(files: dict[str, str], recipients: int) -> dict[str, str]:
    """The playbook's files with the demo's waiting times and gates, and batches for 40 requests."""
    plan = yaml.safe_load(files["playbook.yaml"])
    for kind, proof in REQUIRES.items():
        plan["messages"][kind.value]["gate"]["requires"] = proof.value
    for section, values in WINDOWS.items():
        plan[section] = {**plan.get(section, {}), **values}
    plan["replies"]["channels"] = list(crowd.SAID)
    plan["holding"]["gate"]["requires"] = Requirement.KEY.value
    plan["holding"]["statements"].append(dict(silence.STATEMENT))
    plan["broadcast"]["batch_size"] = max(1, min(1000, recipients // 40))
    return {**files, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}
