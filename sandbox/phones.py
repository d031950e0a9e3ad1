"""Telephones of people on duty: `/_sandbox/phones/<person>` keeps whatever a service hands over."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.book import Book


class Phones:
    """Takes notifications as any chat or push service would; nobody picks up."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def routes(self) -> list[Route]:
        base = "/_sandbox/phones"
        return [
            Route(base, self.list, methods=["GET"]),
            Route(f"{base}/{{person}}", self.ring, methods=["POST"]),
        ]

    async def ring(self, request: Request) -> Response:
        """Keep one notification."""
        body = (await request.body()).decode(errors="replace")
        row = request.path_params["person"], body
        with self._book.transaction() as db:
            db.execute("INSERT INTO phone (person, body) VALUES (?, ?)", row)
        return Response(status_code=204)

    async def list(self, _: Request) -> Response:
        """All of them in the order in which they came: whose telephone, and what was said."""
        rows = self._book.db.execute("SELECT person, body FROM phone ORDER BY seq").fetchall()
        found = [{"person": person, "body": body} for person, body in rows]
        return Response(orjson.dumps({"rings": found}), media_type="application/json")
