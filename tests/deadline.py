"""Waiting in tests: look again until it is so, or fail at a deadline saying what was seen last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")

EVERY_SECONDS = 0.05


async def eventually(
    look: Callable[[], Awaitable[Seen]],
    is_so: Callable[[Seen], object] = bool,
    *,
    within: float = 60.0,
    otherwise: str = "",
) -> Seen:
    """What ``look`` returned once ``is_so`` held for it; fails after ``within`` seconds.

    ``otherwise`` is the sentence with which it fails, followed by what was seen last.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        seen = await look()
        if is_so(seen):
            return seen
        if loop.time() > deadline:
            raise AssertionError(f"{otherwise or 'it did not come about'}; seen last: {seen!r}")
        await asyncio.sleep(EVERY_SECONDS)
