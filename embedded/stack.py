"""The embedded stack: Temporal, sandbox, webhook receiver, console and worker, on this machine.

Used by ``up``, by ``demo`` and by tests. Every part is a process of its own, listens on loopback
only, writes its log under ``logs/``, and is started again when it dies. State is in one folder and
survives everything.
"""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from temporalio.client import Client

from client.configuration import load_settings
from client.engine import Engine
from client.errors import ClientError
from client.stack import stack_file, state_folder
from client.stack.accounts import STRIPE_KEY, event_settings, without_secrets
from client.stack.ports import Ports
from client.stack.processes import identity
from client.stack.stack_file import Process
from embedded import plans, temporal_binary
from embedded.environment import (
    OIDC,
    PRIVATE_NETWORKS,
    PUBLIC_URL,
    WEBSITE_FOLDER,
    StackEnvironment,
    stack_environment,
)
from embedded.part import PartPlan, Say, StackPart
from embedded.processes import end
from settings import Settings
from wiring import plugin

PARTS = ("temporal", "sandbox", "webhooks", "console", "worker")


class Stack:
    """A few processes and where to reach them.

    Without ``live`` every channel uses the sandbox, whatever credentials are set. With ``console``
    it has the pages for people on duty, who reach them at ``console_url`` if that is not here, and
    only read them at ``reading_url``. ``channel_settings`` are variables of channels that a drill
    would leave out. ``temporal_settings`` are further values of Temporal's dynamic configuration,
    for whoever sets them before ``start``.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        ports: Ports | None = None,
        live: bool = False,
        console: bool = False,
        console_url: str = "",
        reading_url: str = "",
        channel_settings: Mapping[str, str] | None = None,
        say: Say = print,
    ) -> None:
        self.state = state_dir.resolve()
        self.ports = ports or Ports()
        self.parts: dict[str, StackPart] = {}
        self._live = live
        self._console = console
        self._console_url = console_url.rstrip("/").lower()
        self._reading_url = reading_url.rstrip("/").lower()
        self._channel_settings = dict(channel_settings or {})
        self.temporal_settings: tuple[str, ...] = ()
        self._given = dict(os.environ)
        self._say = say
        self._told: StackEnvironment | None = None
        self._lock: IO[bytes] | None = None

    @property
    def addresses(self) -> dict[str, str]:
        """Where each part is: Temporal as host and port, the others as URLs."""
        return plans.addresses(self.ports, self._console_url, self._reading_url)

    @property
    def real(self) -> bool:
        """Whether any channel speaks to a real account; False before ``start``."""
        return self._told is not None and bool(self._told.access.live)

    @property
    def shows_page(self) -> bool:
        """Whether the status page is written here, and served by the webhook receiver."""
        return "webhooks" in self.parts and bool(self._page_folder())

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client of this stack needs in its environment; empty before ``start``."""
        return {} if self._told is None else self._told.clients

    @property
    def pids(self) -> dict[str, int]:
        """The process of each part that runs."""
        return {name: part.pid for name, part in self.parts.items() if part.running}

    async def start(self) -> None:
        """Start everything and return when all of it is ready.

        Raises ``ClientError`` and leaves nothing running if a part does not come up.
        """
        await asyncio.to_thread(state_folder.prepare, self.state, self._say)
        self._take_folder()
        try:
            await asyncio.to_thread(self._end_leftovers)
            self.ports.refuse_taken()
            await self._prepare(self._settings())
            await self._start_parts()
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
        """End everything, the worker first, so that what it has on the wire can be recorded."""
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
        """Kill every part at once; ``stop`` still tidies up."""
        for part in self.parts.values():
            part.kill()

    async def client(self) -> Client:
        """A client of this stack's Temporal, with our plugin."""
        return await Client.connect(self.addresses["temporal"], plugins=[plugin()])

    async def engine(self) -> Engine:
        """An engine on this stack's Temporal and ledger."""
        return Engine(self._settings(), temporal=await self.client())

    async def _start_parts(self) -> None:
        binary = await temporal_binary.find(self.state / "bin", self._given)
        temporal = plans.temporal(
            self.state, self.ports, self._given, binary, self.temporal_settings
        )
        access = self._environments().access
        reporting = [name for name in access.event_channels if name not in access.live]
        sandbox = plans.sandbox(self.state, self.ports, self._given, reporting)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start(temporal))
            group.create_task(self._start(sandbox))
        async with asyncio.TaskGroup() as group:
            # One process takes events in, and shows the status page and those behind links.
            if access.event_channels or self._given.get(PUBLIC_URL) or self._page_folder():
                group.create_task(self._start(await self._webhooks()))
            group.create_task(self._start(self._worker()))
            if self._console:
                group.create_task(self._start(self._console_plan()))

    async def _webhooks(self) -> PartPlan:
        environments = self._environments()
        events = await event_settings(environments.access, self._given, self.addresses["sandbox"])
        environment = {**environments.parts, **events, **self._page_folder()}
        return plans.webhooks(self.state, self.ports, environment)

    def _page_folder(self) -> dict[str, str]:
        """Where the status page is, for the process that serves it: no credential is beside it."""
        folder = self._environments().access.environment.get(WEBSITE_FOLDER)
        return {} if folder is None else {WEBSITE_FOLDER: folder}

    def _console_plan(self) -> PartPlan:
        # It shows copy as the worker writes it, and sends nothing.
        environments = self._environments()
        environment = {**environments.parts, **without_secrets(environments.access)}
        environment.pop(STRIPE_KEY, None)
        oidc = {name: value for name, value in self._given.items() if name.startswith(OIDC)}
        environment.update(oidc)
        return plans.console(self.state, self.ports, environment, self.addresses)

    def _worker(self) -> PartPlan:
        environments = self._environments()
        return plans.worker(
            self.state,
            {**environments.parts, **environments.worker, **environments.access.environment},
            self.addresses["console"],
        )

    # --- the folder ---------------------------------------------------------------------------

    def _take_folder(self) -> None:
        """Lock the folder for this process alone; the kernel releases it when we die."""
        lock = state_folder.open_to_append(self.state / "up.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            other = stack_file.read(self.state)
            raise ClientError(
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
        settings = load_settings(state_dir=self.state)
        if PRIVATE_NETWORKS not in self._given:
            settings = settings.model_copy(update={"outbox_private_networks": True})
        return settings if self._live else settings.model_copy(update={"database_url": ""})

    async def _prepare(self, settings: Settings) -> None:
        """Bring the ledger up to date, and decide on the environment of each part."""
        async with Engine(settings, upgrade=True) as engine:
            await engine.ledger()
        self._told = stack_environment(
            settings,
            self._given,
            self.ports,
            webhooks=self.addresses["webhooks"],
            sandbox=self.addresses["sandbox"],
            live=self._live,
        )
        parts = {**self._told.parts, **self._channel_settings}
        self._told = dataclasses.replace(self._told, parts=parts)
        for notice in self._told.notices:
            self._say(notice)

    def _environments(self) -> StackEnvironment:
        assert self._told is not None, "the stack is being started"
        return self._told

    async def _start(self, plan: PartPlan) -> None:
        part = StackPart(plan, self._say, self._write_file)
        self.parts[plan.name] = part
        await part.start()

    def _write_file(self) -> None:
        stack_file.StackFile(
            owner=Process(pid=os.getpid(), began=identity(os.getpid())),
            addresses=self.addresses,
            environment=dict(self.environment),
            live=self._live,
            real=self.real,
            parts={
                name: Process(pid=part.pid, began=part.began) for name, part in self.parts.items()
            },
        ).write(self.state)
