"""What the benchmarks show while they run: how far they are, and each number as it is measured."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)


class View:
    """Two bars on a terminal, for the run and for the broadcast under way; plain lines anywhere."""

    def __init__(self, console: Console, steps: int) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._run = self._bars.add_task("benchmarks", total=steps)
        self._broadcast = self._bars.add_task("", total=None, visible=False)

    def __enter__(self) -> View:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, what: str) -> None:
        """Say what is being measured now."""
        self._bars.update(self._run, description=what)

    def measured(self, what: str) -> None:
        """Say what came of it; one step is done."""
        self._console.print(what, highlight=False)
        self._bars.advance(self._run)
        self._bars.update(self._broadcast, visible=False)

    def note(self, what: str) -> None:
        """Say something by the way."""
        self._console.print(what, style="yellow", highlight=False)

    def accepted(self, count: int, of: int) -> None:
        """How far the broadcast under way has come."""
        self._bars.update(
            self._broadcast,
            description="  recipients accepted",
            completed=count,
            total=of,
            visible=True,
        )
