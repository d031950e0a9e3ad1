"""How often one source may sign up: by its address, kept in memory and for some minutes only."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

MOST, WITHIN = 5, 600.0
"""Sign-ups of one source in so many seconds."""

_MOST_SOURCES = 20_000


class Sources:
    """Counts requests by their source, in this process.

    ``header`` is where our own proxy names the client; empty means the address of the connection.
    """

    def __init__(self, header: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._header = header
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def may_ask(self, request: Request) -> bool:
        """Whether this source has not asked too often; counts the request if so."""
        now = self._clock()
        self._drop_old(now)
        source = self._source(request)
        times = self._seen.setdefault(source, deque())
        while times and times[0] <= now - WITHIN:
            times.popleft()
        if len(times) >= MOST:
            return False
        times.append(now)
        self._seen.move_to_end(source)
        return True

    def _drop_old(self, now: float) -> None:
        # In the order of their last request, so that only the first ones have to be looked at.
        while self._seen:
            times = next(iter(self._seen.values()))
            if len(self._seen) <= _MOST_SOURCES and times and times[-1] > now - WITHIN:
                return
            self._seen.popitem(last=False)

    def _source(self, request: Request) -> str:
        named = request.headers.get(self._header, "") if self._header else ""
        text = named.rpartition(",")[2].strip()
        if not text and request.client is not None:
            text = request.client.host
        try:
            address = ip_address(text)
        except ValueError:
            return "unknown"
        # One household has 2^64 addresses of version 6.
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or address.exploded[:19])
        return str(address)
