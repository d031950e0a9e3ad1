"""What somebody sees who runs it: a line while it runs, each round's result, and the summary."""

from __future__ import annotations

import time
from collections import Counter

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chaos.fault_injector import FaultInjector
from chaos.round import RoundResult
from chaos.verdict import ALLOWED, MUST_BE_ZERO, RoundVerdict


class Display:
    """Progress on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console, until: float) -> None:
        self._console = console
        self._until = until
        self._round = 0
        self._seed = 0
        self._kills = 0
        self._injector: FaultInjector | None = None
        self._live = Live(
            get_renderable=self._line, console=console, refresh_per_second=4, transient=True
        )

    def begin(self, number: int, seed: int) -> None:
        """A round begins."""
        self._round, self._seed, self._injector = number, seed, None
        if self._console.is_terminal:
            self._live.start()
        else:
            self._console.print(f"round {number} (seed {seed}) …", highlight=False)

    def watch(self, injector: FaultInjector) -> None:
        """Count its kills from now on."""
        self._injector = injector

    def end(self, result: RoundResult) -> None:
        """A round has ended."""
        if self._injector is not None:
            self._kills += self._injector.kills()
            self._injector = None
        if self._console.is_terminal:
            self._live.stop()
        verdict = result.verdict
        word = "[green]good[/green]" if verdict.good else "[bold red]BAD[/bold red]"
        self._console.print(
            f"round {self._round} (seed {result.plan.seed}): {word} in {result.seconds:.0f} s; "
            f"{len(result.plan.messages)} messages, {verdict.posts} posts, {verdict.mails:,} "
            f"mails, {verdict.mentions} mentions, {verdict.answers} answers, "
            f"{sum(result.struck.values())} faults struck",
            highlight=False,
        )
        for finding in verdict.findings:
            self._console.print(f"    {finding}", highlight=False, markup=False)

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()

    def _line(self) -> Text:
        kills = self._kills + (self._injector.kills() if self._injector else 0)
        left = max(0.0, self._until - time.monotonic())
        return Text(f"round {self._round} (seed {self._seed}) · {left:.0f} s left · {kills} kills")


def summarise(console: Console, results: list[RoundResult]) -> RoundVerdict:
    """Print how often each fault struck and what came of it; returns the sum."""
    total = RoundVerdict()
    struck: Counter[str] = Counter()
    skipped: dict[str, str] = {}
    for result in results:
        total.add(result.verdict)
        struck += result.struck
        skipped |= result.skipped
    table = Table(title="What struck", title_justify="left")
    table.add_column("fault")
    table.add_column("times", justify="right")
    for name, times in sorted(struck.items()):
        table.add_row(name, str(times))
    console.print(table)
    for name, why in sorted(skipped.items()):
        console.print(f"skipped: {name}, because {why}", highlight=False)
    verdict = Table(title="The verdict", title_justify="left")
    for heading in ("", "count", "meaning"):
        verdict.add_column(heading, justify="right" if heading == "count" else "left")
    for name, meaning in MUST_BE_ZERO.items():
        count = getattr(total, name)
        verdict.add_row(
            name.replace("_", " "), str(count), meaning, style="bold red" if count else ""
        )
    verdict.add_section()
    for name, meaning in ALLOWED.items():
        verdict.add_row(name.replace("_", " "), str(getattr(total, name)), f"allowed: {meaning}")
    console.print(verdict)
    console.print(
        f"{len(results)} rounds, {total.posts} posts, {total.mails:,} mails, "
        f"{total.mentions:,} mentions, {total.answers:,} answers; "
        f"wrong decisions refused: {sum(one.refused for one in results)}; settled by hand: "
        f"{sum(one.settled_by_hand for one in results)}; channels retried: "
        f"{sum(one.retried for one in results)}",
        highlight=False,
    )
    return total
