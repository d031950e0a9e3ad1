"""The benchmark's own processes: started, waited for, watched, and ended by their pid."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from client.stack.ports import free_ports
from embedded import launcher
from embedded.processes import signal_group

LOOPBACK = "127.0.0.1"
_POLL = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")


class ChildFailed(Exception):
    """A process of the benchmark ended, or never got ready; the message has its last words."""


class Child:
    """One process. It dies with us, however we end (on Linux, by the kernel's promise)."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._log = log

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        stdout: int | None = None,
        user: str | None = None,
    ) -> Self:
        """Start ``command`` in ``folder``; what it says goes to ``<name>.log`` there.

        With ``user`` it runs as that user, and without the kernel's promise: that user may not
        be allowed to run this Python.
        """
        log = folder / f"{name}.log"
        tied = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid())]
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *([] if user else tied),
                *command,
                user=user,
                cwd=folder,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file if stdout is None else stdout,
                stderr=file,
                start_new_session=True,
            )
        return cls(name, process, log)

    async def ready(self, answers: Callable[[], Awaitable[bool]], within: float = 60.0) -> None:
        """Return once ``answers`` is true; ``ChildFailed`` if it ends first or takes too long."""
        deadline = time.monotonic() + within
        while not await answers():
            if self._process.returncode is not None:
                raise ChildFailed(f"{self.name} ended before it was ready.\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} was not ready in {within:.0f} s.")
            await asyncio.sleep(_POLL)

    async def output(self, within: float) -> bytes:
        """What it printed, once it has ended well; started with ``stdout=PIPE``."""
        try:
            said, _ = await asyncio.wait_for(self._process.communicate(), within)
        except TimeoutError:
            await self.end()
            raise ChildFailed(f"{self.name} took more than {within:.0f} s.") from None
        except asyncio.CancelledError:
            await self.end()
            raise
        if self._process.returncode != 0:
            raise ChildFailed(f"{self.name} failed.\n{self.last_words()}")
        return said

    def refuse_dead(self) -> None:
        """Raise ``ChildFailed`` if it has ended."""
        if self._process.returncode is not None:
            raise ChildFailed(f"{self.name} ended while it was needed.\n{self.last_words()}")

    def said(self, words: str) -> bool:
        """Whether its log contains ``words``."""
        return words in self._log.read_text(encoding="utf-8", errors="replace")

    def last_words(self) -> str:
        """The end of its log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-12:])

    def peak_memory(self) -> int | None:
        """The most memory it has held so far, in bytes; None where there is no /proc."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return None
        _, found, after = status.partition("VmHWM:")
        return int(after.split()[0]) * 1024 if found else None

    def cpu(self) -> float:
        """Seconds of processor it has used so far, children that it waited for not included."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return 0.0
        rest = stat.rpartition(")")[2].split()
        return (int(rest[11]) + int(rest[12])) / _TICKS

    async def end(self, asked: signal.Signals = signal.SIGTERM, patience: float = 25.0) -> None:
        """Ask it to end, and kill it if it takes longer than ``patience`` seconds."""
        if self._process.returncode is None:
            # To it alone at first: a server ends its own children better than we do.
            self._process.send_signal(asked)
            try:
                await asyncio.wait_for(self._process.wait(), patience)
            except TimeoutError:
                signal_group(self.pid, signal.SIGKILL)
        await self._process.wait()


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    [port] = free_ports(1)
    return port
