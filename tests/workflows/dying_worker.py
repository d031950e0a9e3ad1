"""A worker that listens and is killed: ``dying_worker TARGET LEDGER CHANNEL WHERE``.

WHERE is ``within`` (between a page's mentions and the place after it, in their transaction),
``after`` (both are in the ledger, and Temporal has not heard of it) or ``never``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

import wiring
from activities.listening import ListeningActivities
from domain.ids import channel_queue
from store.desk import sources
from store.kernel.database import Database
from tests.square import Square

SAID = 95
PAGES_BEFORE = 4


def deadly(function: Callable[..., Awaitable[object]], *, after: bool) -> Callable[..., object]:
    """``function``, and the end of this process at its fourth call."""
    calls = 0

    async def call(*args: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        result = await function(*args, **named) if after else None
        if calls == PAGES_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        return result if after else await function(*args, **named)

    return call


async def main(target: str, ledger: str, channel: str, where: str) -> None:
    if where == "within":
        sources._answered = deadly(sources._answered, after=False)  # type: ignore[assignment]
    elif where == "after":
        sources.enter_page = deadly(sources.enter_page, after=True)  # type: ignore[assignment]
    square = Square(channel)
    square.say(SAID)
    client = await Client.connect(target, plugins=[wiring.plugin()])
    database = Database.open(f"sqlite:///{ledger}")
    listening = ListeningActivities(database, {channel: square}, timedelta(hours=1))
    async with Worker(client, task_queue=channel_queue(channel), activities=listening.all()):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
