"""The world of the whole stories: four processes, one ledger, and a sandbox that keeps books."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from client.engine import Engine
from client.errors import NoAnswer, NoWorker
from embedded import temporal_binary
from embedded.part import StackPart
from embedded.stack import Stack
from store.kernel.database import Database

Seen = TypeVar("Seen")

PATIENCE = 120.0
"""Seconds. Waiting longer costs nothing where it comes about, and a busy machine is slow."""

LOOK_EVERY = 0.1
"""Seconds. Asking a workflow more often would take the processor from those that are watched."""


async def eventually(
    look: Callable[[], Awaitable[Seen]],
    is_so: Callable[[Seen], object] = bool,
    *,
    within: float = PATIENCE,
    otherwise: str = "it did not come about",
) -> Seen:
    """What ``look`` returned once ``is_so`` held for it; a process that is away is waited for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    seen: object = None
    while loop.time() < deadline:
        try:
            found = await look()
            if is_so(found):
                return found
            seen = found
        except (NoWorker, NoAnswer, RPCError, RuntimeError, httpx.HTTPError) as error:
            seen = error
        await asyncio.sleep(LOOK_EVERY)
    raise AssertionError(f"{otherwise}; seen last: {seen!r}")


class World:
    """What every story shares."""

    def __init__(
        self, stack: Stack, client: Client, ledger: Database, sandbox: httpx.AsyncClient
    ) -> None:
        self.stack = stack
        self.client = client
        self.ledger = ledger
        self.engine = Engine(temporal=client, ledger=ledger)
        self.sandbox = sandbox

    async def fault(self, provider: str, operation: str, kind: str, **more: object) -> int:
        """Let something go wrong at the sandbox, and return the fault's number."""
        fault = {"provider": provider, "operation": operation, "kind": kind, **more}
        answer = await self.sandbox.post("/_sandbox/faults", json=fault)
        return int(answer.raise_for_status().json()["id"])

    async def lift(self, fault: int) -> None:
        """End a fault, as soon as the sandbox is there."""

        async def lifted() -> bool:
            return (await self.sandbox.delete(f"/_sandbox/faults/{fault}")).is_success

        await eventually(lifted)

    async def struck(self, fault: int) -> int:
        """How often a fault has struck."""
        answer = await self.sandbox.get("/_sandbox/faults")
        (found,) = (one for one in answer.json()["faults"] if one["id"] == fault)
        return int(found["fired"])

    async def mails(self) -> int:
        """How many mails the sandbox has accepted in all."""
        books = (await self.sandbox.get("/_sandbox/books")).raise_for_status().json()
        return int(books["sendgrid"]["recipients"])

    async def come_to_rest(self) -> None:
        """Every process up, no fault in force, and providers that have never heard of us.

        The latter because marks count minutes, and stories are shorter than that.
        """
        await self.stack.wait_ready()
        (await self.sandbox.post("/_sandbox/reset")).raise_for_status()

    async def kill(self, part: str) -> None:
        """SIGKILL, and back again when the stack has noticed and started another one."""
        before = self.stack.parts[part].restarts
        self.stack.kill(part)

        async def restarts() -> int:
            return self.stack.parts[part].restarts

        await eventually(restarts, lambda now: now > before, otherwise=f"no new {part}")
        await self.stack.parts[part].wait_ready()

    @asynccontextmanager
    async def without(self, part: str) -> AsyncIterator[None]:
        """A time in which one process is not there."""
        await self.stack.parts[part].stop()
        try:
            yield
        finally:
            await self.stack.parts[part].start()

    @asynccontextmanager
    async def another_worker(self) -> AsyncIterator[None]:
        """A second worker beside the first."""
        plan = self.stack.parts["worker"].plan
        log = plan.log.with_name("worker-2.log")
        part = StackPart(replace(plan, name="worker-2", log=log), print, lambda: None)
        await part.start()
        try:
            yield
        finally:
            await part.stop()

    async def logged(self, part: str, words: str) -> None:
        """Wait until a process has said something in its log."""
        log = self.stack.parts[part].plan.log

        async def read() -> str:
            return await asyncio.to_thread(log.read_text, encoding="utf-8", errors="replace")

        await eventually(read, lambda said: words in said, otherwise=f"{part} did not say so")

    async def temporal(self, *arguments: str) -> str:
        """Run Temporal's own command line against this server, and return what it printed."""
        binary = await temporal_binary.find(Path(self.stack.state / "bin"))
        process = await asyncio.create_subprocess_exec(
            str(binary),
            *arguments,
            "--address",
            self.stack.addresses["temporal"],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        assert process.returncode == 0, complained.decode()
        return said.decode()
