"""Who is served next: a few requests at a time, so that the ledger's thread gets its turn as well.

Without this, each pass of the event loop serves everybody who has sent anything. A delivery of
events needs about a dozen passes, so a few hundred strangers with forged signatures delayed it by
seconds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Protocol

AT_ONCE = 8
"""How many are served in one pass; refusing one takes less than a millisecond."""

PAUSE = 0.001
"""Seconds between two passes, in which other threads run."""


class Served(Protocol):
    """A connection that has sent something."""

    address: str
    genuine: bool

    def serve(self) -> None:
        """Read what it has sent."""
        ...


class Scheduler:
    """The queue of connections that have sent something.

    First come those that have delivered something genuine before, then the others: one of each
    address in turn, and of one address in the order in which they came.
    """

    def __init__(self) -> None:
        self._genuine: deque[Served] = deque()
        self._others: OrderedDict[str, deque[Served]] = OrderedDict()
        self._scheduled = False

    def add(self, connection: Served) -> None:
        """Serve ``connection`` when it is its turn; it must not be in the queue already."""
        if connection.genuine:
            self._genuine.append(connection)
        else:
            self._others.setdefault(connection.address, deque()).append(connection)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        for _ in range(AT_ONCE):
            connection = self._next()
            if connection is None:
                self._scheduled = False
                return
            connection.serve()
        asyncio.get_running_loop().call_later(PAUSE, self._serve)

    def _next(self) -> Served | None:
        if self._genuine:
            return self._genuine.popleft()
        if not self._others:
            return None
        address, queue = self._others.popitem(last=False)
        connection = queue.popleft()
        if queue:
            self._others[address] = queue
        return connection
