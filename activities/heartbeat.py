"""Heartbeats while an activity waits for a slow provider."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity

from domain.ledger import BegunAttempt

Answer = TypeVar("Answer")

EVERY_SECONDS = 2.0
"""Well under the heartbeat time-outs in ``workflows.policies``, for machines that are busy."""


TOLD_WITHIN = timedelta(milliseconds=500)
"""How late the server may hear of what a heartbeat tells; an option of each worker."""


@contextlib.asynccontextmanager
async def beating(
    begun: Callable[[], BegunAttempt | None] = lambda: None,
) -> AsyncIterator[None]:
    """Heartbeat in the background for as long as the block runs.

    A killed worker is then noticed within the heartbeat's time-out, which may be far shorter than
    what one request is allowed to take. With ``begun``, the server is told what was begun last: if
    the ledger is an earlier copy at the next try, ``begun_before`` shows it.
    """

    async def beat() -> None:
        said: BegunAttempt | None = None
        left = 0.0
        while True:
            now = begun()
            if now != said or left <= 0:
                activity.heartbeat(*((now.number, now.attempt) if now else ()))
                said, left = now, EVERY_SECONDS
            step = TOLD_WITHIN.total_seconds() / 2
            await asyncio.sleep(step)
            left -= step

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beats


def begun_before() -> list[BegunAttempt]:
    """What an earlier try of this activity had begun last, as far as the server heard."""
    match activity.info().heartbeat_details:
        case [int(number), int(attempt)]:
            return [BegunAttempt(attempt=attempt, number=number)]
    return []


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
