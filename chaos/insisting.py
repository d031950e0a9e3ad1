"""Asking until an answer comes, as people do when a server was killed under them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio.service import RPCError

from client.errors import EndedUnclosed, NoAnswer, NoWorker, UnknownIncident
from store.kernel.errors import StoreUnavailable

Result = TypeVar("Result")

PATIENCE = 20.0
"""Seconds that a person waits for one answer before asking again."""
AGAIN_AFTER = 0.4
_NO_ANSWER = (
    NoWorker,
    NoAnswer,
    # Temporal has lost it, or somebody has ended it there: one of us is bringing it back.
    UnknownIncident,
    EndedUnclosed,
    RPCError,
    StoreUnavailable,
    TimeoutError,
)


class GaveUp(Exception):
    """The round's deadline passed while somebody waited for an answer."""


class Insisting:
    """Asks again until ``deadline``, in monotonic seconds."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    @property
    def over(self) -> bool:
        """Whether nobody waits for an answer any more."""
        return time.monotonic() > self.deadline

    async def on(self, act: Callable[[], Awaitable[Result]], patience: float = PATIENCE) -> Result:
        """Do something until an answer comes; ``DomainError`` is an answer."""
        while True:
            try:
                async with asyncio.timeout(patience):
                    return await act()
            except _NO_ANSWER as error:
                if self.over:
                    raise GaveUp(
                        f"no answer until the deadline ({type(error).__name__})"
                    ) from error
            await asyncio.sleep(AGAIN_AFTER)
