"""Whose turn it is to write to a SQLite ledger: one at a time, the most urgent first.

Among writes of one priority the first to come is the first to go. Whoever has waited for
``PATIENCE`` counts as urgent from then on, so that a broadcast cannot keep events out for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from store.kernel.priority import Priority

PATIENCE = {Priority.URGENT: 0.0, Priority.NORMAL: 1.0, Priority.BULK: 0.25}
"""Seconds after which a write counts as urgent. Bulk work is cut into transactions of some 20 ms,
so this is the share of the ledger that it is sure to have; a batch waits long only in a crowd."""

ASK_AGAIN = 0.001
"""Seconds between two questions whether another process has given its turn back."""

WITHOUT_ASKING = 1.0
"""Seconds that another process may keep its turn. One that was paused in it must not stop us, and
SQLite's own lock still protects the file."""


class Neighbours(Protocol):
    """The other processes that write to the same ledger; see ``FileTurn``."""

    def take(self, *, urgent: bool) -> bool:
        """Take the turn among processes if it is free now."""
        ...

    def give_back(self) -> None:
        """Let the next process have its turn."""
        ...

    def unclaim(self) -> None:
        """Have nothing urgent any more."""
        ...


@dataclass(eq=False, slots=True)
class _Waiting:
    priority: Priority
    since: float
    turn: asyncio.Future[None]

    def rank(self, now: float) -> tuple[Priority, float]:
        aged = now - self.since >= PATIENCE[self.priority]
        return (Priority.URGENT if aged else self.priority, self.since)


class Turns:
    """The queue for the ledger in this process, and its place among the other processes."""

    def __init__(
        self, neighbours: Neighbours, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._neighbours = neighbours
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._taken = False
        self._refused_since: float | None = None
        self._asking: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[None]:
        """Wait for the turn, and have it for as long as the block lasts. Must not be nested."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(priority, self._clock(), loop.create_future())
        self._waiting.append(waiting)
        self._next()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._next()
            else:
                self._end()
            raise
        try:
            yield
        finally:
            self._end()

    def _end(self) -> None:
        self._neighbours.give_back()
        self._taken = False
        self._next()

    def _next(self) -> None:
        """Give the turn to whoever is first, if it is free; ask again soon if it is not."""
        if self._taken:
            return
        # One that was cancelled takes itself out as soon as its task runs.
        waiting = [one for one in self._waiting if not one.turn.done()]
        if not waiting:
            self._neighbours.unclaim()
            return
        now = self._clock()
        first = min(waiting, key=lambda one: one.rank(now))
        if not self._may_write(first, now):
            self._ask_again()
            return
        self._waiting.remove(first)
        self._taken = True
        first.turn.set_result(None)

    def _may_write(self, first: _Waiting, now: float) -> bool:
        urgent = first.rank(now)[0] is Priority.URGENT
        if self._neighbours.take(urgent=urgent):
            self._refused_since = None
            return True
        if self._refused_since is None:
            self._refused_since = now
        return now - self._refused_since >= WITHOUT_ASKING

    def _ask_again(self) -> None:
        if self._asking is None:
            self._asking = asyncio.get_running_loop().call_later(ASK_AGAIN, self._asked)

    def _asked(self) -> None:
        self._asking = None
        self._next()
