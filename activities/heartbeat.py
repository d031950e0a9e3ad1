"""Telling Temporal that an activity lives, also while it waits for a slow provider."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from temporalio import activity

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
