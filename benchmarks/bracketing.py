"""The physical limit: how much this machine can send, measured before and after each thing."""

from __future__ import annotations

import os
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from benchmarks import sink as sinks
from benchmarks.children import Child
from benchmarks.limit import WAYS
from benchmarks.mail import Assignment, Timed
from benchmarks.others import ONE_BY_ONE
from benchmarks.plan import Plan
from benchmarks.results import Bracket
from benchmarks.stack import PYTHON
from client.stack.environment import for_python
from domain.message import Copy

Measured = TypeVar("Measured")
_TIMES = TypeAdapter(list[Timed])
_PATIENCE = 600.0


class Bracketing:
    """Measures things between two measurements of the limit, which is the fastest of its ways.

    ``copy`` is what is sent: that of the newest broadcast.
    """

    def __init__(self, plan: Plan, folder: Path, sink_url: str) -> None:
        self._plan = plan
        self._folder = folder
        self._sink_url = sink_url
        self.copy: Copy
        self._just_before: list[Timed] = []
        self.trials: list[Timed] = []
        self.fastest = ""

    async def try_ways(self) -> None:
        """Find the fastest way."""
        self.trials = await self.post(WAYS, self._plan.limit_recipients)
        self.fastest = max(self.trials, key=lambda timed: timed.per_second).way

    def forget(self) -> None:
        """What the limit was before is too long ago for what follows."""
        self._just_before = []

    async def bracketed(
        self, measure: Callable[[], Awaitable[Measured]]
    ) -> tuple[Measured, Bracket]:
        """Measure the limit, then the thing itself, then the limit again.

        What follows at once has the limit after the one before it as its own.
        """
        before = self._just_before or await self._limit()
        measured = await measure()
        after = await self._limit()
        self._just_before = after
        return measured, Bracket(
            before=before[0],
            over_httpx_before=before[1],
            after=after[0],
            over_httpx_after=after[1],
        )

    async def _limit(self) -> list[Timed]:
        over_httpx = [one for one in self.trials if one.way.endswith("httpx")]
        best = max(over_httpx, key=lambda timed: timed.per_second).way
        return await self.post((self.fastest, best), self._plan.limit_recipients)

    async def post(self, ways: tuple[str, ...], recipients: int) -> list[Timed]:
        """Run ways without a ledger in a process of their own; the sink must have it all."""
        orders = self._folder / "orders.json"
        order = self.order(ways, recipients)
        orders.write_text(order.model_dump_json(), encoding="utf-8")
        before = await sinks.counts(self._sink_url)
        command = [*PYTHON, "benchmarks.contestant", str(orders)]
        child = await Child.start(
            "contestant", command, self._folder, for_python(os.environ), stdout=PIPE
        )
        times = _TIMES.validate_json(await child.output(_PATIENCE))
        came = (await sinks.counts(self._sink_url)).since(before)
        if came.recipients != (recipients + order.warm_up) * len(ways):
            raise RuntimeError(f"The sink counted {came.recipients:,} recipients of {ways}.")
        return times

    def order(self, ways: tuple[str, ...], recipients: int) -> Assignment:
        """What a process without a ledger is to send, by each of ``ways``."""
        return Assignment(
            ways=ways,
            url=self._sink_url,
            copy_=self.copy,
            recipients=recipients,
            warm_up=0 if ways == (ONE_BY_ONE,) else self._plan.in_flight * self._plan.batch_size,
            batch_size=self._plan.batch_size,
            in_flight=self._plan.in_flight,
            seed=self._plan.seed,
        )
