"""The console: pages for the people on duty. Run with ``python -m surfaces.console.app``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from client.configuration import load_settings, prepare_environment
from client.engine import Engine
from client.errors import WrongInput
from client.exports import clear_exports
from client.file_imports.imports import FileImports
from client.leaving import leave
from client.logs import log_as_json
from client.stack import stack_file
from surfaces.api.app import BesidePages, create_api, rest
from surfaces.console import (
    administration,
    briefing,
    closing,
    clusters,
    coverage,
    deadlines,
    desk,
    exports,
    facts,
    files,
    follow_up,
    gate,
    hand_over,
    home,
    imports,
    incident,
    mail,
    mention,
    notifications,
    opening,
    passkeys,
    people,
    previews,
    propose,
    quarantine,
    readiness,
    recipient,
    record,
    recovery,
    releasing,
    replies,
    samples,
    severity,
    sign,
    sign_in,
    statements,
    stopping,
    surges,
    timeline,
    tokens,
    webhooks,
)
from surfaces.console.abilities import permitted
from surfaces.console.failures import missing
from surfaces.console.guard import HEALTH, Guard
from surfaces.console.live import Feeds
from surfaces.console.rendering import STATIC
from surfaces.public.limits import Limits, connections_for
from surfaces.public.server import PublicServer, serve

_CONNECTIONS = 1_000
_OPEN_PAGES = (home.router, sign_in.router)
_PAGES = (
    home.live,
    opening.router,
    incident.router,
    severity.router,
    releasing.router,
    briefing.router,
    sign.router,
    statements.router,
    gate.router,
    passkeys.router,
    recovery.router,
    administration.router,
    tokens.router,
    webhooks.router,
    propose.router,
    previews.router,
    facts.router,
    deadlines.router,
    follow_up.router,
    timeline.router,
    closing.router,
    stopping.router,
    quarantine.router,
    recipient.router,
    record.router,
    samples.router,
    readiness.router,
    people.router,
    mail.router,
    files.router,
    imports.router,
    exports.router,
    clusters.router,
    coverage.router,
    desk.router,
    surges.router,
    replies.router,
    hand_over.router,
    mention.router,
    notifications.router,
)


def create_app(engine: Engine) -> FastAPI:
    """The pages for what ``engine`` reaches; closes it at the end."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await clear_exports(engine)
        await app.state.imports.start()
        yield
        await app.state.imports.close()
        await app.state.feeds.rest()
        await rest(app.state.api)
        await engine.__aexit__(None, None, None)

    # No schema and no pages about it: this is for people, and the API is another surface.
    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.engine = engine
    app.state.feeds = Feeds(engine)
    app.state.imports = FileImports(engine, engine.settings.state_dir / "imports")
    app.state.mails = previews.Mails()
    app.state.not_begun = {}
    app.state.plans = {}
    app.state.coverage = {}
    app.state.api = create_api(engine, app.state.imports)
    stack = stack_file.read(engine.settings.state_dir)
    app.state.rehearsal = stack is not None and stack.runs() and not stack.real

    @app.get(HEALTH)
    async def health(_: Request) -> Response:
        return JSONResponse({"ok": True})

    for router in _OPEN_PAGES:
        app.include_router(router)
    for router in _PAGES:
        app.include_router(router, dependencies=[Depends(permitted)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(HTTPException, missing)
    return app


def served(engine: Engine) -> ASGIApp:
    """The whole console as it is served with the API beside it, and where it is only read."""
    app, settings = create_app(engine), engine.settings
    console = BesidePages(Guard(app, settings.console_url), app.state.api)
    if not settings.console_reading_url:
        return console
    readers = Guard(app, settings.console_reading_url, reads_only=True)
    port = urlsplit(settings.console_reading_url).port

    async def at_its_door(scope: Scope, receive: Receive, send: Send) -> None:
        # By the port at which it came in, which nobody can make up.
        door = readers if (scope.get("server") or (None, None))[1] == port else console
        await door(scope, receive, send)

    return at_its_door


def main() -> int:
    """Serve until told to stop; return an exit code."""
    log_as_json()
    try:
        prepare_environment()
        settings = load_settings()
    except WrongInput as error:
        print(error, file=sys.stderr)
        return 2
    reading = urlsplit(settings.console_reading_url)
    if reading.port == settings.console_port:
        print(
            f"FRONTFOOT_CONSOLE_READING_URL has the console's own port, {reading.port}. Give it "
            "another one.",
            file=sys.stderr,
        )
        return 2
    app = served(Engine(settings, upgrade=True))
    limits = Limits(connections=connections_for(_CONNECTIONS))
    too = [(reading.hostname, reading.port)] if reading.hostname and reading.port else []
    server = PublicServer(app, settings.console_host, settings.console_port, limits, too)
    return serve(server, "FRONTFOOT_CONSOLE")


if __name__ == "__main__":
    leave(main())
