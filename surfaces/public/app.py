"""The process that faces the internet: events of providers, and unsubscribe links.

Run with ``python -m surfaces.public.app``. Put a proxy with TLS in front, for these paths alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from client.configuration import load_settings, prepare_environment
from client.errors import WrongInput, explanation_of
from client.logs import log_as_json
from client.public import PublicService
from surfaces.public.unsubscribe import Unsubscribing
from surfaces.public.webhooks import Receiver

_log = logging.getLogger("frontfoot.public")


def create_app(service: PublicService) -> Starlette:
    """The ASGI app for what ``service`` allows; closes it at the end."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        entering = asyncio.create_task(service.enter_events())
        yield
        entering.cancel()
        await asyncio.wait([entering])
        await service.close()

    async def health(_: Request) -> Response:
        return JSONResponse({"ok": True})

    routes = [Route("/health", health)]
    if service.events is not None:
        routes += Receiver(service.events).routes()
    if service.links is not None:
        routes += Unsubscribing(service.links).routes()
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> int:
    """Serve until told to stop; return an exit code."""
    log_as_json()
    try:
        prepare_environment()
        settings = load_settings()
        service = PublicService.open(settings)
    except WrongInput as error:
        print(error, file=sys.stderr)
        return 2
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        print(explanation, file=sys.stderr)
        return 1
    for sentence in service.lacking:
        _log.warning(sentence)
    config = uvicorn.Config(
        create_app(service),
        host=settings.webhook_host,
        port=settings.webhook_port,
        log_level="warning",
        # Its lines would contain the unsubscribe links.
        access_log=False,
        # How much is buffered for a connection whose sender is silent.
        timeout_keep_alive=30,
    )
    asyncio.run(uvicorn.Server(config).serve())
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
