"""Who is connected, who makes room when there are too many, and the memory that all of them share.

A newcomer is always let in while somebody else has not sent a whole request: the one of that kind
that has made no progress for longest goes, from the address that has the most of them. An honest
sender sends its request at once, and is never that one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Protocol

from surfaces.public.limits import Limits

Clock = Callable[[], float]


class Connection(Protocol):
    """What is known here about a connection.

    ``genuine``: it has delivered something genuine before. ``held``: the bytes of its request that
    are in memory. ``held_since``: when that request began. ``progress_at``: when its current wait
    began, or when it last sent a fair amount. ``large``: its body is large, or of unknown size.
    """

    address: str
    genuine: bool
    held: int
    held_since: float
    progress_at: float
    large: bool

    def make_room(self) -> None:
        """Close it because others need its place or its memory."""
        ...

    def close_if_overdue(self, now: float) -> None:
        """Close it if it has used up its time."""
        ...


class Connections:
    """All connections of one server."""

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self.limits = limits
        self.clock = clock
        self.memory = 0
        self._open: set[Connection] = set()
        self._waiting: dict[str, OrderedDict[Connection, None]] = {}
        self._genuine: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """A new connection, which has sent nothing yet; another may have to go for it."""
        self._open.add(connection)
        self.await_request(connection)
        oldest = self._oldest()
        if len(self._open) > self.limits.connections and oldest is not None:
            self._evict(oldest)

    def remove(self, connection: Connection) -> None:
        """A connection that is closed; harmless if it was removed before."""
        self._open.discard(connection)
        self.has_request(connection)
        self.release(connection)

    def await_request(self, connection: Connection) -> None:
        """It has to send its next request; until that is complete, it may be closed for others."""
        connection.progress_at = self.clock()
        if connection.genuine:
            self._genuine[connection] = None
        else:
            self._waiting.setdefault(connection.address, OrderedDict())[connection] = None

    def has_request(self, connection: Connection) -> None:
        """Its request is complete, and it is our turn."""
        self._genuine.pop(connection, None)
        of_address = self._waiting.get(connection.address)
        if of_address is not None:
            of_address.pop(connection, None)
            if not of_address:
                del self._waiting[connection.address]

    def has_progressed(self, connection: Connection) -> None:
        """It has sent a part of its request, and may finish it before others that have not."""
        connection.progress_at = self.clock()
        waiting = self._genuine if connection.genuine else self._waiting.get(connection.address)
        if waiting is not None and connection in waiting:
            waiting.move_to_end(connection)

    @property
    def can_evict(self) -> bool:
        """Whether somebody could be closed for a newcomer.

        Nobody is within ``Limits.spared`` of its last progress.
        """
        oldest = self._oldest()
        return oldest is not None and self.clock() - oldest.progress_at > self.limits.spared

    def hold(self, connection: Connection, size: int) -> None:
        """``size`` more bytes of its request are in memory; if that is too much, somebody goes.

        Those with a large body go first, and of these the one whose bytes times their age are most.
        """
        if not connection.held:
            connection.held_since = self.clock()
        connection.held += size
        self.memory += size
        while self.memory > self.limits.memory and self._evict_costliest():
            pass

    def release(self, connection: Connection) -> None:
        """Nothing of its request is in memory any more."""
        self.memory -= connection.held
        connection.held = 0

    def close_overdue(self) -> None:
        """Close every connection that has used up its time."""
        now = self.clock()
        for connection in list(self._open):
            connection.close_if_overdue(now)

    def _oldest(self) -> Connection | None:
        if self._waiting:
            crowd: OrderedDict[Connection, None] = max(self._waiting.values(), key=len)
            return next(iter(crowd))
        return next(iter(self._genuine), None)

    def _evict_costliest(self) -> bool:
        now = self.clock()
        victim = max(
            (one for one in self._incomplete() if one.held),
            key=lambda one: (
                not one.genuine,
                one.large,
                one.held * (now - one.held_since),
                one.held,
            ),
            default=None,
        )
        if victim is None:
            return False
        self._evict(victim)
        return True

    def _incomplete(self) -> Iterator[Connection]:
        for of_address in self._waiting.values():
            yield from of_address
        yield from self._genuine

    def _evict(self, victim: Connection) -> None:
        self.remove(victim)
        victim.make_room()
