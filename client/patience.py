"""How long a page waits for Temporal, which may hang without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from client.errors import ClientError

T = TypeVar("T")

SOON = timedelta(seconds=4)
"""Long for a healthy server, short for somebody who looks at an empty page."""


class NotSoon(ClientError):
    """Temporal did not answer in time; nothing was asked of it that changes anything."""

    def __init__(self) -> None:
        super().__init__(
            "Temporal does not answer.", "Look again in a minute; see whether it runs."
        )


async def soon(work: Awaitable[T], within: timedelta = SOON) -> T:
    """What ``work``, which only reads, returns; ``NotSoon`` if that takes too long."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await work
    except TimeoutError as error:
        raise NotSoon from error
