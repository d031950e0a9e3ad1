"""``python -m benchmarks.page_readers``: many readers of one address, each asking again at once.

Kept-alive connections and nothing of an HTTP client between: what is measured is the other side.
Every answer has to have the expected status and as many bytes as it says.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from domain.model import Value

_END = b"\r\n\r\n"


class Reading(Value):
    """What to read: ``path`` for ``seconds``, over so many connections, and what to expect.

    ``etag`` is that of the reader's own copy, if it has one.
    """

    host: str
    port: int
    path: str
    status: int = 200
    etag: str = ""
    connections: int = 50
    seconds: float = 5.0


class WasRead(Value):
    """How many answers came in how many seconds, their bytes, and the wait of 95 % in seconds."""

    answers: int
    seconds: float
    bytes: int
    wait_p95: float

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


class _Reader(asyncio.Protocol):
    """One connection; ``waits`` and ``sizes`` are everybody's."""

    def __init__(self, order: Reading, until: float, waits: list[float], sizes: list[int]) -> None:
        own = f"If-None-Match: {order.etag}\r\n" if order.etag else ""
        self._request = (
            f"GET {order.path} HTTP/1.1\r\nHost: status.example\r\n{own}"
            "Accept: text/html,application/json\r\nAccept-Encoding: gzip, br\r\n"
            "User-Agent: benchmark\r\n\r\n"
        ).encode()
        self._expected = f"HTTP/1.1 {order.status} ".encode()
        self._until, self._waits, self._sizes = until, waits, sizes
        self._received = bytearray()
        self._asked = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_END)
        if not found or len(body) < _length(head):
            return
        if not head.startswith(self._expected) or len(body) != _length(head):
            self._fail(f"An answer was not as expected: {bytes(head[:200])!r}")
            return
        self._waits.append(time.perf_counter() - self._asked)
        self._sizes.append(len(self._received))
        if time.perf_counter() < self._until:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            if time.perf_counter() < self._until:
                self._fail("The connection was closed in the middle.")
            else:
                self.done.set_result(None)

    def _ask(self) -> None:
        self._received.clear()
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why))
        self._transport.close()


def _length(head: bytes | bytearray) -> int:
    for line in bytes(head).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def read(order: Reading) -> WasRead:
    """Read it; ``RuntimeError`` for any answer that is not as expected."""
    waits: list[float] = []
    sizes: list[int] = []
    began = time.perf_counter()
    until = began + order.seconds
    loop = asyncio.get_running_loop()
    readers = [
        (
            await loop.create_connection(
                lambda: _Reader(order, until, waits, sizes), order.host, order.port
            )
        )[1]
        for _ in range(order.connections)
    ]
    await asyncio.gather(*(one.done for one in readers))
    seconds = time.perf_counter() - began
    waits.sort()
    return WasRead(
        answers=len(waits),
        seconds=seconds,
        bytes=sum(sizes),
        wait_p95=waits[len(waits) * 95 // 100],
    )


if __name__ == "__main__":
    asked = Reading.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(asyncio.run(read(asked)).model_dump_json())
