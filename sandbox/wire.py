"""Answers that a well-behaved server never gives: silence, a cut connection, half a body."""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "sandbox_transport"


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which also hands its transport to the application.

    ASGI has no way to hang up. uvicorn copies `app_state` into every scope's `state`, which is the
    simplest way to pass on one connection's transport.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, _TRANSPORT: transport}
        super().connection_made(transport)


async def cut(scope: Scope, receive: Receive) -> None:
    """Drop the connection under this request; the client sees no (further) byte.

    Outside a real server there is no connection, and ConnectionResetError is raised instead.
    """
    transport = cast("asyncio.Transport | None", (scope.get("state") or {}).get(_TRANSPORT))
    if transport is None:
        raise ConnectionResetError("the sandbox dropped this connection on purpose")
    transport.abort()
    # Returning before uvicorn has noticed would make it answer 500 on a dead connection.
    while (await receive())["type"] != "http.disconnect":
        pass


class Dropped(Response):
    """The connection ends without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await cut(scope, receive)


class Hang(Response):
    """No answer until the client gives up, or for `seconds`, and then a cut connection."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await cut(scope, receive)


class HalfAnswer(Response):
    """Status and headers of an answer, the first half of its body, then a cut connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self.whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self.whole.body)
        headers = [h for h in self.whole.raw_headers if h[0] != b"content-length"]
        # An empty body (SendGrid's 202) is promised to be longer than it is, so that half of it
        # can be missing.
        promised = max(len(body), 2)
        headers.append((b"content-length", str(promised).encode()))
        start: Message = {
            "type": "http.response.start",
            "status": self.whole.status_code,
            "headers": headers,
        }
        await send(start)
        half = body[: promised // 2] or b"{"
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport = (scope.get("state") or {}).get(_TRANSPORT)
        while transport is not None and transport.get_write_buffer_size():
            await asyncio.sleep(0.001)
        await cut(scope, receive)
