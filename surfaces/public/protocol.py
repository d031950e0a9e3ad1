"""uvicorn's HTTP protocol with an end to everything that a stranger could draw out.

uvicorn has limits for idle connections and for headers alone: half a request is kept for ever.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any

from starlette.requests import Request
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from surfaces.public.connections import Connections
from surfaces.public.limits import Upload
from surfaces.public.scheduling import Scheduler

_CONNECTION = "connection"

_AT_ONCE = 64 * 1024
_AT_ONCE_IF_COSTLY = 16 * 1024
"""Bytes that are read in one turn; in chunks of one byte each, the latter take milliseconds."""

_PROGRESS = 64 * 1024
"""Bytes of a body that count as progress; whoever dribbles makes none."""

_LARGE = 1024 * 1024
"""Bytes of an announced body from which on others come first."""

_MUCH = 0.005
_PER_REQUEST = 0.002
"""Seconds of ours after which others come first, and what an answer is taken to cost."""

_SLACK = 1024 * 1024
"""Bytes of a body above the limit that are still read, so that its sender sees the answer."""


def mark_genuine(request: Request) -> None:
    """Tell the server that ``request`` was genuine: its connection is served first from now on."""
    connection = getattr(request.state, _CONNECTION, None)
    if connection is not None:
        connection.genuine = True


def allow_upload(request: Request, upload: Upload) -> None:
    """Tell the server that the body of ``request`` may be as large and as slow as ``upload`` says.

    For a request that reads its body as it comes, so that hardly any of it is in memory.
    """
    connection = getattr(request.state, _CONNECTION, None)
    if connection is not None:
        connection.allow(upload)


class _Pipelined(Exception):
    """A second request before the answer to the first: nobody whom we serve does that."""


class _Phase(Enum):
    """What is awaited on a connection: the head of a request, its body, or our answer."""

    HEAD = 0
    BODY = 1
    ANSWER = 2


class _Flow(FlowControl):
    """uvicorn reads on whenever the application wants more; this waits for our turn.

    ``holding``: what was received has not been read yet.
    """

    holding = False

    def resume_reading(self) -> None:
        if not self.holding:
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """One connection. ``genuine`` is set by the application when it got something genuine."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        connections: Connections,
        scheduler: Scheduler,
    ) -> None:
        super().__init__(config, server_state, {**app_state, _CONNECTION: self})
        self.address = ""
        self.genuine = False
        self.held = 0
        self.held_since = 0.0
        self.large = False
        self._connections = connections
        self._scheduler = scheduler
        self._limits = connections.limits
        self._unread = bytearray()
        self._flow: _Flow
        self._phase = _Phase.HEAD
        self._since = self.progress_at = connections.clock()
        self._received = 0
        self._credited = 0
        self._served = False
        self._spent = 0.0
        self._answered = False
        self._blocked_since: float | None = None
        self._upload: Upload | None = None

    # --- asyncio ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.flow = self._flow = _Flow(transport)
        self.address = self.client[0] if self.client else ""
        # Whatever the kernel does not take at once means that the other side does not read.
        transport.set_write_buffer_limits(high=0)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._unread.clear()
        self._connections.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Keep ``data`` until it is this connection's turn."""
        if self.transport.is_closing():
            return
        if not self._received and self._answered:
            self._since = self._connections.clock()
        self._received += len(data)
        if not self._draining and self._upload is None:
            self._connections.hold(self, len(data))
        if self.transport.is_closing():
            return
        if not self._unread:
            self._flow.holding = True
            self._flow.pause_reading()
            self._scheduler.add(self)
        self._unread += data

    def pause_writing(self) -> None:
        """The other side does not read."""
        self._blocked_since = self._connections.clock()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The other side has read everything."""
        self._blocked_since = None
        super().resume_writing()

    # --- our turn -----------------------------------------------------------------------------

    @property
    def level(self) -> int:
        """0 before its first turn, 1 afterwards, 2 if it has cost much or has a large body."""
        if self.large or self._spent > _MUCH:
            return 2
        return int(self._served)

    def serve(self) -> None:
        """Have a part of what was received read."""
        self._served = True
        size = _AT_ONCE if self.level < 2 else _AT_ONCE_IF_COSTLY
        data = bytes(self._unread[:size])
        del self._unread[:size]
        self._flow.holding = bool(self._unread)
        if not data or self.transport.is_closing():
            return
        began = self._connections.clock()
        super().data_received(data)
        self._spent += self._connections.clock() - began
        if self.transport.is_closing():
            return
        if self._phase is _Phase.HEAD and self._received > self._limits.head:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._phase is _Phase.BODY and self._received > self._most + _SLACK:
            self._close()
        elif self._unread:
            self._scheduler.add(self)
        elif self._phase is not _Phase.ANSWER and not self._app_is_behind:
            self.flow.resume_reading()
        if self._phase is _Phase.BODY and self._received - self._credited >= _PROGRESS:
            self._credited = self._received
            self._connections.has_progressed(self)

    @property
    def _app_is_behind(self) -> bool:
        return (
            self._phase is _Phase.BODY
            and not self._draining
            and len(self.cycle.body) > HIGH_WATER_LIMIT
        )

    @property
    def _draining(self) -> bool:
        """Whether the answer was sent before the body had come; the rest is thrown away."""
        return self._phase is _Phase.BODY and self.cycle.response_complete

    def allow(self, upload: Upload) -> None:
        """Let the body that is being sent be as ``upload`` says."""
        if self._phase is _Phase.BODY:
            self._upload = upload
            self._connections.release(self)

    @property
    def _most(self) -> int:
        return self._upload.size if self._upload is not None else self._limits.body

    # --- the parser ---------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Refuse a request that does not wait for the answer to the one before."""
        if self._phase is _Phase.ANSWER:
            raise _Pipelined
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to wait for the body."""
        super().on_headers_complete()
        self._phase = _Phase.BODY
        self._since = self._connections.clock()
        self._credited = self._received
        self.large = _is_large(self.headers)
        self._connections.has_progressed(self)

    def on_message_complete(self) -> None:
        """The request is complete: from now on it is up to us."""
        super().on_message_complete()
        if self._draining:
            self._await_next()
        else:
            self._phase = _Phase.ANSWER
            self._connections.has_request(self)

    def on_response_complete(self) -> None:
        """The answer is sent."""
        self._connections.release(self)
        if self._phase is _Phase.ANSWER:
            self._await_next()
        super().on_response_complete()

    def _await_next(self) -> None:
        self._phase = _Phase.HEAD
        self._upload = None
        self._received = 0
        self._spent += _PER_REQUEST
        self.large = False
        self._answered = True
        self._since = self._connections.clock()
        self._connections.has_request(self)
        if not self.transport.is_closing():
            self._connections.await_request(self)

    # --- the end ------------------------------------------------------------------------------

    def make_room(self) -> None:
        """Give up this connection for another one."""
        if self._phase is _Phase.BODY and not self.cycle.response_started:
            self._refuse(b"503 Service Unavailable", b"Retry-After: 1\r\n")
        else:
            self._close()

    def close_if_overdue(self, now: float) -> None:
        """Close it if it sends or reads too slowly; an answer of ours has all the time it needs."""
        if self._blocked_since is not None:
            if now - self._blocked_since > self._limits.write_within:
                self._close()
        elif self._phase is not _Phase.ANSWER and now - self._since > self._allowed():
            if self._received and not self._draining:
                self._refuse(b"408 Request Timeout")
            else:
                self._close()

    def _allowed(self) -> float:
        """Seconds since the last change of phase that are allowed for this one."""
        limits = self._limits
        if self._phase is _Phase.BODY:
            rate, within = limits.body_rate, limits.body_within
            if self._upload is not None:
                rate, within = self._upload.rate, self._upload.within
            return min(limits.body_grace + self._received / rate, within)
        if self._received or not self._answered:
            return limits.head_within
        return limits.idle_genuine if self.genuine else limits.idle

    def _refuse(self, status: bytes, more: bytes = b"") -> None:
        """Answer without the application, and close."""
        self.transport.write(
            b"HTTP/1.1 "
            + status
            + b"\r\nContent-Length: 0\r\nConnection: close\r\n"
            + more
            + b"\r\n"
        )
        # What is left of the answer after this is not worth waiting for.
        self._close()

    def _close(self) -> None:
        self._unread.clear()
        if self.transport.is_closing() or self._blocked_since is not None:
            self.transport.abort()
        else:
            self.transport.close()


def _is_large(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the body is announced as large, or has no announced size."""
    for name, value in headers:
        if name == b"content-length":
            return int(value) > _LARGE
        if name == b"transfer-encoding":
            return True
    return False
