"""An endpoint of another system: a real HTTP server that answers as a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        return str(self.json["type"])

    @property
    def json(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body))


@dataclass(frozen=True)
class Answer:
    """What the endpoint says; without a status it hangs up. A body that is announced breaks off."""

    status: int | None = 204
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[Received], Awaitable[Answer]]


async def takes_all(_: Received) -> Answer:
    return Answer()


class EndpointServer:
    """``received`` has every request in order; ``answer`` is asked for each."""

    def __init__(self, scheme: str = "http") -> None:
        self.received: list[Received] = []
        self.answer: Script = takes_all
        self.port = 0
        self.under_way: set[asyncio.Task[None]] = set()
        self._scheme = scheme

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self.port}/hooks/frontfoot"

    def always(self, status: int | None, **headers: str) -> None:
        """Give everybody the same answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: Received) -> Answer:
            return Answer(status, named)

        self.answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self.under_way.add(serving)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                request = await _read(reader)
                self.received.append(request)
                writer.write(_written(await self.answer(request)))
                await writer.drain()
        finally:
            self.under_way.discard(serving)
            writer.close()


def _written(answer: Answer) -> bytes:
    if answer.status is None:
        return b""
    length = {} if "Transfer-Encoding" in answer.headers else {"Content-Length": "0"}
    headers = {**length, **answer.headers, "Connection": "close"}
    lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {one}" for name, one in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


@contextlib.asynccontextmanager
async def serving(
    server: EndpointServer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[EndpointServer]:
    """Let it listen, at the same port if it has listened before."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", server.port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for one in tuple(server.under_way):
            one.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await one
