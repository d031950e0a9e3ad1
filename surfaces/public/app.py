"""The process that the outside world speaks to: events of providers, and unsubscribe links.

Run with ``python -m surfaces.public.app``. Both need the ledger and nothing else: no Temporal, no
account at a provider. Put a proxy with TLS in front, for these paths alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.errors import DomainError
from settings import Settings
from store import migrate
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from surfaces.public.unsubscribe import Unsubscribing
from surfaces.public.webhooks import Receiver


def create_app(
    database: Database,
    public_key: str = "",
    link_secret: bytes | None = None,
    max_age: timedelta | None = None,
) -> Starlette:
    """What is configured, as an ASGI app; it closes ``database`` when it stops.

    Without ``public_key`` there is no event webhook, because nothing could be believed; without
    ``link_secret`` no unsubscribe page, because no link of ours could be told from another's.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await database.close()

    async def health(_: Request) -> Response:
        return JSONResponse({"ok": True})

    routes = [Route("/health", health)]
    if public_key:
        routes += Receiver(database, public_key, max_age).routes()
    if link_secret:
        routes += Unsubscribing(database, link_secret).routes()
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> int:
    """Serve until told to stop; return an exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = Settings()
    except ValidationError as error:
        names = sorted({f"FRONTFOOT_{str(one['loc'][0]).upper()}" for one in error.errors()})
        print(f"These settings cannot be used: {', '.join(names)}.", file=sys.stderr)
        return 2
    secret = settings.link_secret.get_secret_value().encode() if settings.link_secret else None
    if not settings.webhook_public_key and secret is None:
        print(
            "There is nothing to serve: the event webhook cannot verify anything without "
            "SendGrid's verification key, nor unsubscribe links without their secret. Set "
            "FRONTFOOT_WEBHOOK_PUBLIC_KEY (it is shown where signed events are switched on) and "
            "FRONTFOOT_LINK_SECRET.",
            file=sys.stderr,
        )
        return 2
    try:
        migrate.upgrade(settings.database())
        database = Database.open(settings.database())
    except (DomainError, StoreUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    max_age = timedelta(seconds=settings.webhook_max_age) if settings.webhook_max_age else None
    config = uvicorn.Config(
        create_app(database, settings.webhook_public_key, secret, max_age),
        host=settings.webhook_host,
        port=settings.webhook_port,
        log_level="warning",
        # Its lines would hold the unsubscribe links.
        access_log=False,
        # What is kept of a connection whose sender is silent.
        timeout_keep_alive=30,
    )
    asyncio.run(uvicorn.Server(config).serve())
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
