"""A provider that takes everything: the cheapest HTTP server that still counts what it is sent.

Run as ``python -m benchmarks.sink PORT``. It reads bodies with a ``Content-Length``, answers 202
with an ``X-Message-Id`` as SendGrid does, and tells at ``GET /counts`` how many requests,
recipients and bytes have come so far. It keeps nothing and checks nothing, so that it is never what
is being measured.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Protocol, cast

import httpx
from pydantic import BaseModel

RECIPIENT = b'"to":'
"""What each personalization has exactly once, whoever wrote the JSON."""

_HEAD_END = b"\r\n\r\n"
_ROOM = 1 << 20


class Counts(BaseModel):
    """What the sink has been sent since it started."""

    requests: int = 0
    recipients: int = 0
    bytes: int = 0

    def since(self, before: Counts) -> Counts:
        """What came after ``before``."""
        return Counts(
            requests=self.requests - before.requests,
            recipients=self.recipients - before.recipients,
            bytes=self.bytes - before.bytes,
        )


async def counts(url: str) -> Counts:
    """Ask the sink at ``url``."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        answer = await http.get(f"{url}/counts")
    return Counts.model_validate_json(answer.raise_for_status().content)


class _Writer(Protocol):
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class _Connection(asyncio.BufferedProtocol):
    """One connection; requests may follow each other on it."""

    def __init__(self, total: Counts) -> None:
        self._total = total
        self._buffer = bytearray(_ROOM)
        self._filled = 0
        self._body_at = 0
        self._length = 0
        self._writer: _Writer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._writer = cast(_Writer, transport)

    def get_buffer(self, sizehint: int) -> Any:
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        while self._filled:
            if not self._body_at and not self._read_head():
                return
            end = self._body_at + self._length
            if end > len(self._buffer):
                # A new one: the old one cannot grow while asyncio looks at it.
                self._buffer = bytearray(self._buffer[: self._filled]).ljust(end + _ROOM, b"\0")
            if self._filled < end:
                return
            self._answer(end)
            rest = self._filled - end
            self._buffer[:rest] = self._buffer[end : self._filled]
            self._filled, self._body_at = rest, 0

    def _read_head(self) -> bool:
        """Find where the body begins and how long it is; False while the head is incomplete."""
        at = self._buffer.find(_HEAD_END, 0, self._filled)
        if at < 0:
            return False
        head = bytes(self._buffer[:at]).lower()
        _, found, after = head.partition(b"\r\ncontent-length:")
        self._length = int(after.partition(b"\r\n")[0]) if found else 0
        self._body_at = at + len(_HEAD_END)
        if b"\r\ntransfer-encoding:" in head:
            self._writer.write(b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n")
            self._writer.close()
        return True

    def _answer(self, end: int) -> None:
        if self._buffer.startswith(b"GET "):
            told = self._total.model_dump_json().encode()
            self._writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)
            return
        total = self._total
        total.requests += 1
        total.recipients += self._buffer.count(RECIPIENT, self._body_at, end)
        total.bytes += self._length
        self._writer.write(
            b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink-%d\r\nContent-Length: 0\r\n\r\n"
            % total.requests
        )


async def serve(port: int) -> None:
    """Take everything on ``port`` of this machine, until killed."""
    total = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(total), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
