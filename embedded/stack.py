"""The embedded stack: Temporal, sandbox, webhook receiver and worker, all on this machine.

Used by ``up``, by ``demo`` and by tests. Every part is a process of its own, listens on loopback
only, writes its log under ``logs/``, and is started again when it dies. State is in one folder and
survives everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import httpx
from pydantic import ValidationError
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from client.errors import CommandFailed, wrong_settings
from client.stack import stack_file
from client.stack.accounts import Accounts, choose_accounts, event_settings
from client.stack.environment import (
    for_python,
    keep_secrets,
    plain,
    temporal_environment,
)
from client.stack.ports import LOOPBACK, Ports
from client.stack.processes import end, identity
from client.stack.stack_file import Process
from domain.delivery_events import events_path
from embedded import temporal_binary
from embedded.part import Part, PartPlan, Say
from settings import Settings
from store.migrate import upgrade_ledger
from wiring import plugin

PARTS = ("temporal", "sandbox", "webhooks", "worker")
PUBLIC_URL = "FRONTFOOT_PUBLIC_URL"
_SETTINGS = frozenset(f"FRONTFOOT_{name.upper()}" for name in Settings.model_fields)
_PYTHON = (sys.executable, "-P", "-m")


class Stack:
    """Four processes and where to reach them.

    ``environment`` (after ``start``) is what a client of this stack needs. Without ``live`` every
    channel speaks to the sandbox, whatever credentials are about.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        ports: Ports | None = None,
        live: bool = False,
        say: Say = print,
    ) -> None:
        self.state = state_dir.resolve()
        self.ports = ports or Ports()
        self.accounts = Accounts()
        self.environment: dict[str, str] = {}
        self.parts: dict[str, Part] = {}
        self._live = live
        self._given = dict(os.environ)
        self._say = say
        self._secrets: dict[str, str] = {}
        self._lock: IO[str] | None = None

    @property
    def addresses(self) -> dict[str, str]:
        """Where each part is: Temporal as host and port, the others as URLs."""
        return {
            "temporal": f"{LOOPBACK}:{self.ports.temporal}",
            "ui": f"http://{LOOPBACK}:{self.ports.ui}",
            "sandbox": f"http://{LOOPBACK}:{self.ports.sandbox}",
            "webhooks": f"http://{LOOPBACK}:{self.ports.webhooks}",
        }

    @property
    def pids(self) -> dict[str, int]:
        """The process of each part that runs."""
        return {name: part.pid for name, part in self.parts.items() if part.running}

    async def start(self) -> None:
        """Start everything and return when all of it is ready.

        Raises ``CommandFailed`` and leaves nothing running if a part does not come up.
        """
        # For this user only: the ledger holds addresses.
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_folder()
        try:
            await asyncio.to_thread(self._end_leftovers)
            self.ports.refuse_taken()
            settings = self._settings()
            await upgrade_ledger(settings.database())
            self._prepare(settings)
            binary = await temporal_binary.find(self.state / "bin", self._given)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start(self._temporal(binary)))
                group.create_task(self._start(self._sandbox()))
            async with asyncio.TaskGroup() as group:
                # One process takes events in and shows recipients the page behind their links.
                if self.accounts.event_channels or self._given.get(PUBLIC_URL):
                    group.create_task(self._start(await self._webhooks()))
                group.create_task(self._start(self._worker()))
        except BaseException as error:
            await self.stop()
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from error
            raise

    async def wait_ready(self) -> None:
        """Return when every part answers, after a restart of some of them for instance."""
        for part in list(self.parts.values()):
            await part.wait_ready()

    async def stop(self) -> None:
        """End everything, the worker first: what it has on the wire may still be recorded."""
        for name in reversed(PARTS):
            if name in self.parts:
                await self.parts[name].stop()
        self.parts.clear()
        if self._lock is not None:
            stack_file.forget(self.state)
            self._lock.close()
            self._lock = None

    def kill(self, name: str) -> None:
        """End one part with SIGKILL, as a crash would. It is started again by itself."""
        self.parts[name].kill()

    def end_at_once(self) -> None:
        """Kill every part, for somebody who will not wait; ``stop`` still tidies up."""
        for part in self.parts.values():
            part.kill()

    async def client(self) -> Client:
        """A client of this stack's Temporal, with our plugin."""
        return await Client.connect(self.addresses["temporal"], plugins=[plugin()])

    # --- what each part is --------------------------------------------------------------------

    def _temporal(self, binary: Path) -> PartPlan:
        command = [str(binary), "server", "start-dev", "--ip", LOOPBACK]
        command += ["--port", str(self.ports.temporal), "--ui-port", str(self.ports.ui)]
        command += ["--db-filename", str(self.state / "temporal.db"), "--log-level", "warn"]
        return self._plan("temporal", command, plain(self._given), self._temporal_ready)

    def _sandbox(self) -> PartPlan:
        command = [*_PYTHON, "sandbox", "--host", LOOPBACK, "--port", str(self.ports.sandbox)]
        command += ["--state", str(self.state / "sandbox.db")]
        for channel in self.accounts.event_channels:
            if channel not in self.accounts.live:
                url = f"{self.addresses['webhooks']}{events_path(channel)}"
                command += ["--event-webhook-url", url]
        dials = {
            name: value
            for name, value in self._given.items()
            if name.startswith("FRONTFOOT_SANDBOX_")
        }
        environment = {**for_python(self._given), **dials}
        return self._plan("sandbox", command, environment, self._sandbox_ready)

    async def _webhooks(self) -> PartPlan:
        environment = {
            **self._ours(),
            "FRONTFOOT_WEBHOOK_HOST": LOOPBACK,
            "FRONTFOOT_WEBHOOK_PORT": str(self.ports.webhooks),
            **await event_settings(self.accounts, self._given, self.addresses["sandbox"]),
        }
        return self._plan(
            "webhooks", [*_PYTHON, "surfaces.public.app"], environment, self._webhooks_ready
        )

    def _worker(self) -> PartPlan:
        environment = {**self._ours(), **self.accounts.environment}
        # The worker gives what is under way 15 s.
        return self._plan(
            "worker", [*_PYTHON, "worker"], environment, self._worker_ready, stop_within=25.0
        )

    def _plan(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        ready: Callable[[Part], Awaitable[bool]],
        stop_within: float = 8.0,
    ) -> PartPlan:
        return PartPlan(
            name=name,
            command=command,
            environment=environment,
            ready=ready,
            log=self.state / "logs" / f"{name}.log",
            stop_within=stop_within,
        )

    # --- whether it is ready ------------------------------------------------------------------

    async def _temporal_ready(self, _: Part) -> bool:
        if not await _listens(self.ports.temporal):
            return False
        try:
            client = await Client.connect(self.addresses["temporal"])
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace="default")
            )
        except (RuntimeError, RPCError):
            return False
        return True

    async def _sandbox_ready(self, _: Part) -> bool:
        return await _answers(f"{self.addresses['sandbox']}/_sandbox/health")

    async def _webhooks_ready(self, _: Part) -> bool:
        return await _answers(f"{self.addresses['webhooks']}/health")

    async def _worker_ready(self, part: Part) -> bool:
        return part.said("worker ready")

    # --- the folder ---------------------------------------------------------------------------

    def _take_folder(self) -> None:
        """Hold the folder for this process alone; the kernel lets go of it when we die."""
        lock = (self.state / "up.lock").open("a", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            other = stack_file.read(self.state)
            raise CommandFailed(
                f"A stack is running on {self.state} already"
                f"{f' (process {other.owner.pid})' if other else ''}.",
                "Use that one, or end it with Ctrl-C first.",
            ) from error
        self._lock = lock

    def _end_leftovers(self) -> None:
        """End the parts of a stack whose ``up`` died without being able to."""
        earlier = stack_file.read(self.state)
        if earlier is None:
            return
        for name in reversed(PARTS):
            process = earlier.parts.get(name)
            if process is not None and end(process.pid, process.began, patience=25.0):
                self._say(f"Ended {name} (pid {process.pid}), left over from an earlier run.")
        stack_file.forget(self.state)

    def _settings(self) -> Settings:
        """The settings, with this stack's folder in the place of any other.

        Without live accounts the ledger is this folder's own too: a drill must not write into the
        record of real incidents.
        """
        try:
            settings = Settings(state_dir=self.state)
        except ValidationError as error:
            raise wrong_settings(error) from error
        return settings if self._live else settings.model_copy(update={"database_url": ""})

    def _prepare(self, settings: Settings) -> None:
        self.accounts = choose_accounts(
            settings.channels, self._given, self.addresses["sandbox"], live=self._live
        )
        for notice in self.accounts.notices:
            self._say(notice)
        self.environment = {
            **temporal_environment(self.state, self.ports),
            "FRONTFOOT_STATE_DIR": str(self.state),
        }
        if not settings.database_url:
            # A URL of the user's own may hold a password, and their terminals have it anyway.
            self.environment["FRONTFOOT_DATABASE_URL"] = settings.database()
        self._secrets = {
            **keep_secrets(self.state, self._given),
            "FRONTFOOT_DATABASE_URL": settings.database(),
            "FRONTFOOT_CHANNELS": ",".join(self.accounts.channels),
        }
        if not self.accounts.live:
            self._secrets[PUBLIC_URL] = self.addresses["webhooks"]
        elif not self._given.get(PUBLIC_URL):
            self._say(
                f"Goodwill mail carries no unsubscribe link, because {PUBLIC_URL} is not set: "
                "recipients cannot reach this machine by an address of its own."
            )

    def _ours(self) -> dict[str, str]:
        """The environment of worker and receiver; in a drill without anybody's credentials."""
        accounts = tuple(f"FRONTFOOT_{name.upper()}_" for name in self.accounts.channels)
        rest = {
            name: value
            for name, value in self._given.items()
            if name.startswith("FRONTFOOT_")
            and not name.startswith(accounts)
            and (self._live or name in _SETTINGS)
        }
        return {**for_python(self._given), **rest, **self.environment, **self._secrets}

    async def _start(self, plan: PartPlan) -> None:
        part = Part(plan, self._say, self._write_file)
        self.parts[plan.name] = part
        await part.start()

    def _write_file(self) -> None:
        stack_file.StackFile(
            owner=Process(pid=os.getpid(), began=identity(os.getpid())),
            addresses=self.addresses,
            environment=self.environment,
            live=self._live,
            parts={
                name: Process(pid=part.pid, began=part.began) for name, part in self.parts.items()
            },
        ).write(self.state)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False
