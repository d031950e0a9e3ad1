"""The API: JSON for other systems, served beside the console's pages and apart from them.

No cookie, no session and no page: who asks is in the token of each request.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from client.engine import Engine
from client.file_imports.imports import FileImports
from client.incident_view import Views
from client.requests import Requests
from surfaces.api import (
    audiences,
    broadcasts,
    clusters,
    coverage,
    deadlines,
    decisions,
    document,
    downloads,
    events,
    gates,
    imports,
    incidents,
    mentions,
    messages,
    notifications,
    on_call,
    page,
    people,
    previews,
    promises,
    quarantine,
    replies,
    samples,
    stages,
    token,
)
from surfaces.api.problems import answer_to

PREFIX = "/api/"

RESOURCES = (
    token.router,
    incidents.router,
    deadlines.router,
    stages.router,
    promises.router,
    messages.router,
    previews.router,
    samples.router,
    decisions.router,
    gates.router,
    broadcasts.router,
    audiences.router,
    people.router,
    notifications.router,
    on_call.router,
    imports.router,
    downloads.router,
    events.router,
    clusters.router,
    coverage.router,
    mentions.router,
    replies.router,
    quarantine.router,
    page.router,
)


def create_api(engine: Engine, running: FileImports) -> FastAPI:
    """The operations on what ``engine`` reaches; whoever made it and ``running`` closes them."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.engine = engine
    app.state.imports = running
    app.state.views = Views(engine)
    app.state.requests = Requests(engine, unread=(RequestValidationError, HTTPException))
    for router in RESOURCES:
        app.include_router(router, generate_unique_id_function=lambda route: route.name)

    @app.get(document.URL, include_in_schema=False)
    async def show_document(_: Request) -> Response:
        return JSONResponse(document.document_of(app))

    async def in_words(_: Request, error: Exception) -> Response:
        return answer_to(error)

    app.add_exception_handler(HTTPException, in_words)
    return app


async def rest(app: FastAPI) -> None:
    """Wait for what nobody waits for any more, before the engine is closed."""
    requests: Requests = app.state.requests
    views: Views = app.state.views
    await requests.rest()
    await views.rest()


class BesidePages:
    """One server for both: whatever is below ``/api/`` never comes near the pages' sessions."""

    def __init__(self, pages: ASGIApp, api: ASGIApp) -> None:
        self._pages = pages
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._pages(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cache-Control"] = "no-store"
            await send(message)

        await self._api(scope, receive, send_with_headers)
