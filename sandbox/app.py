"""Makes the sandbox's ASGI application."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette

from sandbox.admin import Admin
from sandbox.config import SandboxConfig
from sandbox.pages import Pages
from sandbox.passkeys import Passkeys
from sandbox.phones import Phones
from sandbox.replies import ReplyBooks
from sandbox.telling import Telling
from sandbox.webhooks import Webhooks
from sandbox.world import SandboxWorld

_LOG = logging.getLogger("sandbox")


def create_app(config: SandboxConfig, clock: Callable[[], float] = time.time) -> Starlette:
    """An application over the state file of the configuration.

    Mail events are sent only while its lifespan runs. Dropped connections need uvicorn with
    `sandbox.wire.CuttableProtocol`; elsewhere they raise ConnectionResetError. The parts are at
    `app.state.world` for tests that want to look inside.
    """
    world = SandboxWorld.build(config, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(world.events.run())
        telling.add_done_callback(_complain)
        try:
            yield
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
            world.book.close()

    app = Starlette(
        routes=[
            *Admin(world).routes(),
            *Passkeys().routes(),
            *Pages(world).routes(),
            *Webhooks(world.book).routes(),
            *Phones(world.book, clock).routes(),
            *Telling(world).routes(),
            *world.sendgrid.routes(),
            *world.suppressions.routes(),
            *ReplyBooks(world.config, world.book).routes(),
            *world.x.routes(),
            *world.mastodon.routes(),
            *world.graph.routes(),
        ],
        lifespan=lifespan,
    )
    app.state.world = world
    return app


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.error(
            "mail events have stopped (%s); restart the sandbox, what is owed is kept",
            type(task.exception()).__name__,
        )
