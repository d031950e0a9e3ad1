"""Heartbeats while an activity waits for a slow provider."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from temporalio import activity

Answer = TypeVar("Answer")

EVERY_SECONDS = 2.0
"""Well under the heartbeat time-outs in ``workflows.policies``, for machines that are busy."""


@contextlib.asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Heartbeat in the background for as long as the block runs.

    A killed worker is then noticed within the heartbeat's time-out, which may be far shorter than
    what one request is allowed to take.
    """

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(EVERY_SECONDS)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beats


async def to_its_end(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Await ``work`` to its end, even if the activity is cancelled meanwhile.

    For what is on the wire: hanging up does not take a request back. It would only keep us from
    hearing the answer, and a look at the provider might come before the request has arrived.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()
