"""Another system that takes webhooks: `/_sandbox/webhooks` keeps what arrives, as it arrives."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.book import Book


class Webhooks:
    """Takes every webhook, repeats included; it verifies no signature."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def routes(self) -> list[Route]:
        base = "/_sandbox/webhooks"
        return [
            Route(base, self.take, methods=["POST"]),
            Route(base, self.list, methods=["GET"]),
        ]

    async def take(self, request: Request) -> Response:
        """Keep one."""
        body = (await request.body()).decode(errors="replace")
        row = request.headers.get("webhook-id", ""), body
        with self._book.transaction() as db:
            db.execute("INSERT INTO webhook (event, body) VALUES (?, ?)", row)
        return Response(status_code=204)

    async def list(self, _: Request) -> Response:
        """All of them in the order in which they came: ids and bodies."""
        rows = self._book.db.execute("SELECT event, body FROM webhook ORDER BY seq").fetchall()
        found = [{"id": event, "body": body} for event, body in rows]
        return Response(orjson.dumps({"webhooks": found}), media_type="application/json")
