"""The process that faces the internet: the status page, its subscribers, events, unsubscribing.

Run with ``python -m surfaces.public.app``. Put a proxy with TLS in front, for these paths alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from client.configuration import load_settings, prepare_environment
from client.errors import WrongInput, explanation_of
from client.leaving import leave
from client.logs import log_as_json
from client.public import PublicService
from surfaces.public.limits import Limits, connections_for
from surfaces.public.mentions import MentionReceiver
from surfaces.public.page import StatusPages
from surfaces.public.pages import Pages
from surfaces.public.server import PublicServer, serve
from surfaces.public.sources import Sources
from surfaces.public.subscribe import Subscriptions
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
    if service.mentions is not None:
        routes += MentionReceiver(service.mentions).routes()
    if service.links is not None:
        routes += Unsubscribing(service.links).routes()
    if service.subscribing is not None:
        sources = Sources(service.client_address_header)
        pages = Pages(status_page=service.page is not None)
        routes += Subscriptions(service.subscribing, sources, pages).routes()
    if service.page is not None:
        # Whatever is not one of ours is the page's, so it comes last.
        routes += StatusPages(service.page).routes()
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
    limits = Limits(
        connections=connections_for(settings.webhook_connections),
        memory=settings.webhook_memory_mib * 1024 * 1024,
    )
    server = PublicServer(create_app(service), settings.webhook_host, settings.webhook_port, limits)
    # Writing to the ledger is a dozen steps in another thread, and each waits that long for its
    # turn while this one is busy with strangers. Python's default is 5 ms.
    sys.setswitchinterval(0.001)
    return serve(server, "FRONTFOOT_WEBHOOK")


if __name__ == "__main__":
    leave(main())
