"""Who is served next: a few requests at a time, so that the ledger's thread gets its turn as well.

Without this, each pass of the event loop serves everybody who has sent anything. A delivery of
events needs about a dozen passes, so a few hundred strangers with forged signatures delayed it by
seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict, deque
from typing import Protocol

AT_ONCE = 8
"""How many are served in one pass; refusing one takes less than a millisecond."""

_LONGEST_PASS = 0.004
_PAUSE = 0.001
"""Seconds between two passes, in which other threads run."""

_SHARES = (0, 1, 0, 1, 0, 1, 0, 2)
"""Which level is asked first in each turn."""

_MANY_NEW = 4 * AT_ONCE


class Served(Protocol):
    """A connection that has sent something.

    ``level``: 0 for a new one, 1 for one that was served before, 2 for one that costs much.
    ``genuine``: it has delivered something genuine before.
    """

    address: str
    genuine: bool

    @property
    def level(self) -> int: ...

    def serve(self) -> None:
        """Read some of what it has sent."""
        ...


class _FairQueue:
    """One of each address in turn: the oldest, or with ``newest`` by turns the newest."""

    def __init__(self, *, newest: bool = False) -> None:
        self._by_address: OrderedDict[str, deque[Served]] = OrderedDict()
        self._newest = newest
        self._from_end = False
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, connection: Served) -> None:
        self._by_address.setdefault(connection.address, deque()).append(connection)
        self._size += 1

    def take(self) -> Served:
        address, queue = self._by_address.popitem(last=False)
        self._from_end = self._newest and not self._from_end
        connection = queue.pop() if self._from_end else queue.popleft()
        if queue:
            self._by_address[address] = queue
        self._size -= 1
        return connection


class Scheduler:
    """The queues of connections that have sent something.

    First come those that have delivered something genuine before. The others are in queues by their
    level, of which each has its share of the turns: strangers who ask again and again, or send
    without end, delay nobody who comes with a short request. Of new ones the newest and the oldest
    have their turn alternately: a burst delays nobody who comes after it, and nobody waits for
    ever.
    """

    def __init__(self) -> None:
        self._genuine = _FairQueue()
        self._levels = (_FairQueue(newest=True), _FairQueue(), _FairQueue())
        self._shares = itertools.cycle(_SHARES)
        self._scheduled = False

    @property
    def is_behind(self) -> bool:
        """Whether so many new ones wait that nobody should be let in in the place of others."""
        return len(self._levels[0]) >= _MANY_NEW

    def add(self, connection: Served) -> None:
        """Serve ``connection`` when it is its turn; it must not be in a queue already."""
        queue = self._genuine if connection.genuine else self._levels[connection.level]
        queue.add(connection)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        until = time.monotonic() + _LONGEST_PASS
        for _ in range(AT_ONCE):
            connection = self._next()
            if connection is None:
                self._scheduled = False
                return
            connection.serve()
            if time.monotonic() > until:
                break
        asyncio.get_running_loop().call_later(_PAUSE, self._serve)

    def _next(self) -> Served | None:
        preferred = self._levels[next(self._shares)]
        for queue in (self._genuine, preferred, *self._levels):
            if queue:
                return queue.take()
        return None
