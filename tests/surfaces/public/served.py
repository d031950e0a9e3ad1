"""The public service on a real socket, with limits so small that few strangers reach them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from surfaces.public.limits import Limits
from surfaces.public.server import PublicServer

SMALL = Limits(
    connections=6,
    memory=1024 * 1024,
    head_within=0.5,
    body_grace=0.5,
    body_within=1.0,
    idle=0.2,
    idle_genuine=60.0,
    write_within=0.2,
    spared=0.02,
    sweep_every=0.02,
)


class Served:
    """A running server, and ways to reach it byte by byte."""

    def __init__(self, server: PublicServer) -> None:
        self.server = server
        self.port: int = server.sockets[0].getsockname()[1]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def exchange(self, sent: bytes) -> bytes:
        """Send ``sent`` and return all that comes until the other side closes."""
        reader, writer = await self.connect()
        try:
            writer.write(sent)
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def serving(app: ASGIApp, limits: Limits = SMALL) -> AsyncIterator[Served]:
    """Serve ``app`` on a free port."""
    server = PublicServer(app, "127.0.0.1", 0, limits)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
        if running.done():
            await running
    try:
        yield Served(server)
    finally:
        server.should_exit = True
        await running
