"""Workers that come and go while a broadcast runs; nobody may be written to twice or forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from benchmarks import frontfoot
from benchmarks.children import Child
from benchmarks.stack import BenchmarkStack

_LOOK_EVERY = 0.05


async def send(
    on: BenchmarkStack, proposed: frontfoot.Proposed, crew: list[Child], tell: Callable[[int], None]
) -> frontfoot.Broadcast:
    """Approve, and send with the one worker in ``crew``, then two, another, two, and another.

    ``crew`` holds whoever is there at the end, for the caller to end. Each goes as a deployment
    ends it, by SIGTERM, when a fifth more has been accepted. The processor time and memory in the
    answer are those of the workers that are there at the end.
    """
    accepted = 0

    def hear(count: int) -> None:
        nonlocal accepted
        accepted = count
        tell(count)

    async def come_and_go() -> None:
        for fifth in (1, 2, 3, 4):
            while accepted < proposed.recipients * fifth / 5:
                await asyncio.sleep(_LOOK_EVERY)
            if fifth % 2:
                crew.append(await on.start_worker())
            else:
                # Off the list first: nobody is to take its end for an accident.
                await crew.pop(0).end()

    changes = asyncio.create_task(come_and_go())
    try:
        told = await frontfoot.approve(on, proposed, crew, hear)
        await changes
        return told
    finally:
        changes.cancel()
