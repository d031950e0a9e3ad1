"""The server that faces the internet: uvicorn, with an entrance of its own.

asyncio accepts as many connections at a time as fit into the queue, and when files run out it logs
each one that it could not accept: with 256 files that was 655 MB in 91 seconds.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections import deque
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

from surfaces.public.connections import Connections
from surfaces.public.limits import Limits
from surfaces.public.protocol import BoundedProtocol
from surfaces.public.scheduling import Scheduler

_ACCEPTED_AT_ONCE = 256
_ACCEPTED_AT_ONCE_IF_FULL = 16
_OPENED_AT_ONCE = 8
"""How many in one pass of the event loop. Opening a connection costs twenty times as much as
accepting it."""

_QUEUE = 4096
_PAUSE_IF_FULL = 0.01
_PAUSE = 0.001
"""Seconds between two passes; the former also if no file is free."""

_log = logging.getLogger("frontfoot.public")


class PublicServer(uvicorn.Server):
    """Serves ``app`` on ``host`` and ``port`` until told to stop.

    And on each host and port of ``too``, as far as they can be used.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        limits: Limits,
        too: Sequence[tuple[str, int]] = (),
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=BoundedProtocol,
                ws="none",
                # Its own handlers would get around the limits of our log.
                log_config=None,
                log_level="warning",
                # Its lines would contain the unsubscribe links.
                access_log=False,
                # Whoever sends them is a stranger.
                proxy_headers=False,
                # Idle connections are closed by `BoundedProtocol`, which knows who may stay longer.
                timeout_keep_alive=int(limits.idle_genuine) + 1,
                timeout_graceful_shutdown=5,
            )
        )
        self._too = too
        self.connections = Connections(limits)
        self.sockets: list[socket.socket] = []
        self._scheduler = Scheduler()
        self._accepted: deque[socket.socket] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._opens = False
        self._sweeping: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; raises ``OSError`` if the address cannot be used."""
        self.sockets = await _bind(self.config.host, self.config.port)
        for host, port in self._too:
            try:
                self.sockets += await _bind(host, port)
            except OSError as error:
                _log.error("%s:%s cannot be listened on: %s", host, port, error.strerror)
        # No sockets: uvicorn must not accept by itself.
        await super().startup(sockets=[])
        for one in self.sockets:
            one.listen(_QUEUE)
            self._accept_from(one)
        self._sweeping = asyncio.create_task(self._sweep())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody any more, and end when everybody was answered."""
        loop = asyncio.get_running_loop()
        for one in self.sockets:
            loop.remove_reader(one.fileno())
            one.close()
        self.sockets = []
        while self._accepted:
            self._accepted.pop().close()
        await super().shutdown(sockets=[])
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _accept_from(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening.fileno(), self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        full = self._is_full
        for _ in range(_ACCEPTED_AT_ONCE_IF_FULL if full else _ACCEPTED_AT_ONCE):
            if self._is_full and not self._may_replace:
                # The others wait in the kernel's queue, and cost nothing there.
                full = True
                break
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError as error:
                _log.warning("A connection could not be accepted: %s", error.strerror)
                full = True
                break
            accepted.setblocking(False)
            if _is_over(accepted):
                accepted.close()
            else:
                self._accepted.append(accepted)
        if full:
            # Who is closed for others may come again at once, and that must not be all that we do.
            self._accept_later(listening)
        if self._accepted and not self._opens:
            self._opens = True
            self._open_some()

    @property
    def _is_full(self) -> bool:
        taken = len(self.connections) + len(self._accepted) + len(self._opening)
        return taken >= self.connections.limits.connections

    @property
    def _may_replace(self) -> bool:
        """Whether a newcomer may have the place of another."""
        waiting = len(self._accepted) + len(self._opening)
        # A small part of all at a time, or newcomers would only replace one another.
        return (
            waiting <= min(_ACCEPTED_AT_ONCE_IF_FULL, self.connections.limits.connections // 10)
            and not self._scheduler.is_behind
            and self.connections.can_evict
        )

    def _open_some(self) -> None:
        """Open the newest and the oldest in turn: see ``Scheduler``."""
        opened = 0
        for number in range(min(_ACCEPTED_AT_ONCE, len(self._accepted))):
            accepted = self._accepted.popleft() if number % 2 else self._accepted.pop()
            if _is_over(accepted):
                accepted.close()
                continue
            opening = asyncio.create_task(self._open(accepted))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
            opened += 1
            if opened == _OPENED_AT_ONCE:
                break
        self._opens = bool(self._accepted)
        if self._opens:
            asyncio.get_running_loop().call_later(_PAUSE, self._open_some)

    def _accept_later(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening.fileno())
        loop.call_later(_PAUSE_IF_FULL, self._accept_from, listening)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, accepted)
        except OSError:
            # It was closed again before we got to it.
            accepted.close()

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(
            self.config,
            self.server_state,
            self.lifespan.state,
            self.connections,
            self._scheduler,
        )

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self.connections.limits.sweep_every)
            self.connections.close_overdue()


async def _bind(host: str, port: int) -> list[socket.socket]:
    """Sockets for every address that ``host`` stands for; nobody listens on them yet."""
    server = await asyncio.get_running_loop().create_server(
        asyncio.Protocol, host, port, start_serving=False
    )
    sockets = [one.dup() for one in server.sockets]
    server.close()
    for one in sockets:
        one.setblocking(False)
    return sockets


def _is_over(accepted: socket.socket) -> bool:
    """Whether the other side has closed it already, without a word.

    Asking costs a hundredth of opening it. Somebody who opened and closed connections as fast as
    they could kept an honest sender waiting for 2.4 s.
    """
    try:
        return accepted.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def serve(server: PublicServer, settings: str) -> int:
    """Serve until told to stop; return an exit code.

    ``settings``: how the names of the settings begin that say where it listens.
    """
    where = server.config
    try:
        asyncio.run(server.serve())
    except OSError as error:
        print(
            f"{where.host}:{where.port} cannot be listened on ({error.strerror}). Choose another "
            f"address with {settings}_HOST and {settings}_PORT.",
            file=sys.stderr,
        )
        return 1
    return 0
