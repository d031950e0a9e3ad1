"""One process of the embedded stack: started, waited for, watched, started again, ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from client.errors import ClientError
from client.stack.processes import identity
from embedded.part_log import PartLog
from embedded.processes import signal_group
from embedded.starting import Command, Started, start

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
_LIVED_LONG = 60.0
_LAST_WORDS = 8
_POLL = 0.05

Say = Callable[[str], None]


@dataclass(frozen=True)
class PartPlan:
    """How one part is run.

    ``ready`` says whether it can be used yet. ``start_within`` and ``stop_within`` are seconds.
    """

    name: str
    command: Command
    environment: Mapping[str, str]
    ready: Callable[[StackPart], Awaitable[bool]]
    log: Path
    start_within: float = 60.0
    stop_within: float = 8.0


class StackPart:
    """A child process that is kept running until ``stop``; ``say`` is called at each restart."""

    def __init__(self, plan: PartPlan, say: Say, changed: Callable[[], None]) -> None:
        self.plan = plan
        self.pid = 0
        self.began = ""
        self.restarts = 0
        self._say = say
        self._changed = changed
        self._process: Started | None = None
        self._killed = False
        self._log = PartLog(plan.log)
        self._keeping: asyncio.Task[None] | None = None
        self._bounding: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether its process is alive, and nobody has killed it."""
        return self._process is not None and self._process.returncode is None and not self._killed

    async def start(self) -> None:
        """Start it and return when it is ready; ``ClientError`` with the end of its log if not."""
        await self._spawn()
        self._bounding = asyncio.create_task(self._log.keep_bounded())
        try:
            await self.wait_ready()
        except ClientError:
            await self._end_process()
            raise
        self._keeping = asyncio.create_task(self._keep())

    async def wait_ready(self) -> None:
        """Return when it is ready; ``ClientError`` if it ends first or takes too long."""
        deadline = time.monotonic() + self.plan.start_within
        while True:
            process = self._process
            if process is not None and process.returncode is not None and not self._keeping:
                raise self._never_ready(f"ended ({_how(process.returncode)}) before it was ready")
            if self.running and await self.plan.ready(self):
                return
            if time.monotonic() > deadline:
                raise self._never_ready(f"was not ready within {self.plan.start_within:.0f} s")
            await asyncio.sleep(_POLL)

    async def stop(self) -> None:
        """End it for good: by SIGTERM first, by SIGKILL if it takes too long."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
            self._keeping = None
        await self._end_process()
        if self._bounding is not None:
            self._bounding.cancel()
            self._bounding = None

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would; it is started again."""
        if self.running:
            signal_group(self.pid, signal.SIGKILL)
            # It takes a moment until its death is noticed.
            self._killed = True

    def said(self, words: str) -> bool:
        """Whether its log contains ``words`` since it was last started."""
        return self._log.contains(words)

    async def _spawn(self) -> None:
        with self._log.open() as log:
            self._process = await start(self.plan.command, self.plan.environment, log)
        self._killed = False
        self.pid = self._process.pid
        self.began = identity(self.pid)
        self._changed()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            started = time.monotonic()
            assert self._process is not None
            code = await self._process.wait()
            if time.monotonic() - started > _LIVED_LONG:
                pause = FIRST_PAUSE
            self._say(
                f"{self.plan.name} ended ({_how(code)}): starting it again in {pause:g} s. "
                f"Its log is {self.plan.log}."
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            await self._spawn()
            self.restarts += 1
            if await self._ready_again():
                self._say(f"{self.plan.name} is back (pid {self.pid}).")

    async def _ready_again(self) -> bool:
        deadline = time.monotonic() + self.plan.start_within
        while self.running and time.monotonic() < deadline:
            if await self.plan.ready(self):
                return True
            await asyncio.sleep(_POLL)
        if self.running:
            self._say(f"{self.plan.name} does not become ready: ending it.")
            await self._end_process()
        return False

    async def _end_process(self) -> None:
        if self._process is None:
            return
        if self.running:
            signal_group(self.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), self.plan.stop_within)
            except TimeoutError:
                signal_group(self.pid, signal.SIGKILL)
        await self._process.wait()

    def _never_ready(self, what: str) -> ClientError:
        lines = self._log.since_start().strip().splitlines()[-_LAST_WORDS:]
        words = "".join(f"\n    {line}" for line in lines)
        return ClientError(
            f"{self.plan.name} {what}.{' The end of its log:' if lines else ''}{words}",
            f"Its whole log is {self.plan.log}.",
        )


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
