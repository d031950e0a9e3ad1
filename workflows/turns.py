"""Taking turns within an incident, and not for longer than somebody who asked should wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from temporalio import workflow

from domain.errors import DomainError, NotNow
from workflows.ceilings import Ceilings
from workflows.policies import ASKED_WITHIN, MOST_WAITING
from workflows.refusing import refusing


@asynccontextmanager
async def turn(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Hold ``lock``; ``NotNow`` if others hold it for too long."""
    deadline = workflow.now() + ASKED_WITHIN
    while lock.locked():
        left = deadline - workflow.now()
        try:
            await workflow.wait_condition(lambda: not lock.locked(), timeout=left)
        except TimeoutError as error:
            raise NotNow(
                "The incident is busy with requests that came before this one.",
                "Try again in a minute.",
                means="Nothing was changed.",
            ) from error
    async with lock:
        yield


class WaitingRoom:
    """The requests whose answers wait for the ledger: few at once, so that others find a place."""

    def __init__(self, ceilings: Ceilings) -> None:
        self._ceilings = ceilings
        self._waiting = 0

    def refuse_full(self) -> None:
        """Raise ``DomainError`` if one more should not be let in now."""
        if self._waiting >= MOST_WAITING or self._ceilings.pressing():
            raise DomainError(
                "The incident is busy with requests that came before this one.",
                "Try again in a moment.",
                means="Nothing was changed. Decisions and withdrawals are taken all the same.",
            )

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a request while it waits, and explain its refusal."""
        self._waiting += 1
        try:
            with refusing():
                yield
        finally:
            self._waiting -= 1
