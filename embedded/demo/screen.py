"""What the demo shows while it runs: what people do, and how far the mail has come."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from client.engine import Engine
from client.mail_progress import PlannedMail, planned_mails
from embedded.demo.story import INCIDENT

LINES = 12
EVERY_SECONDS = 1.0
PLAIN_EVERY_SECONDS = 5.0


class DemoScreen:
    """A live panel on a terminal; plain lines anywhere else."""

    def __init__(self, console: Console, engine: Engine) -> None:
        self._console = console
        self._engine = engine
        self._began = time.monotonic()
        self._said: deque[Text] = deque(maxlen=LINES)
        self._bars = Progress(
            TextColumn("{task.description:<30}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:>9,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._live = Live(
            get_renderable=self._render, console=console, refresh_per_second=8, transient=True
        )
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> DemoScreen:
        if self._console.is_terminal:
            self._live.start()
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._console.is_terminal:
            self._live.stop()
            self._console.print(*self._said, sep="\n")

    def say(self, text: str) -> None:
        """Show one thing that happened."""
        line = Text(f"{time.monotonic() - self._began:7.1f}s  {text}")
        self._said.append(line)
        if not self._console.is_terminal:
            self._console.print(line)

    def _render(self) -> Group:
        log = Panel(Group(*self._said), title="Buffer Saturday", title_align="left")
        return Group(log, self._bars)

    async def _watch(self) -> None:
        """Read the ledger now and then; the broadcasts themselves are elsewhere."""
        printed_at = time.monotonic()
        while True:
            for mail in await planned_mails(self._engine, INCIDENT):
                self._look_at(mail)
            if (
                not self._console.is_terminal
                and time.monotonic() - printed_at > PLAIN_EVERY_SECONDS
            ):
                printed_at = time.monotonic()
                self._tell_progress()
            await asyncio.sleep(EVERY_SECONDS)

    def _look_at(self, mail: PlannedMail) -> None:
        name = f"{mail.audience}: {mail.kind.value.replace('_', ' ')}"
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=mail.planned, rate="")
        task = self._bars.tasks[self._bars.task_ids.index(self._tasks[name])]
        speed = task.finished_speed or task.speed
        self._bars.update(
            self._tasks[name],
            completed=mail.went_out,
            rate=f"{speed:>8,.0f}/s" if speed else "",
        )

    def _tell_progress(self) -> None:
        for task in self._bars.tasks:
            if not task.finished:
                self._console.print(
                    f"          {task.description}: {task.completed:,.0f} of {task.total:,.0f} "
                    f"accepted{task.fields['rate']}"
                )
