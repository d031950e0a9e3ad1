"""The phones of our own people: `/phones/{name}` keeps the notifications that reach one.

It takes what Apprise's `json://` sends, and stands in for the push service, chat or SMS of each.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.book import Book

_SHOWN = 50
_LONGEST = 10_000


@dataclass(frozen=True)
class PhoneMessage:
    """One notification on a phone; `at` in seconds since 1970."""

    phone: str
    title: str
    text: str
    at: float


class Phones:
    """Takes notifications. It rings nobody, so only a person acknowledges one."""

    def __init__(self, book: Book, clock: Callable[[], float] = time.time) -> None:
        self._book = book
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("/phones/{name}", self.take, methods=["POST"]),
            Route("/_sandbox/phones", self.list, methods=["GET"]),
        ]

    async def take(self, request: Request) -> Response:
        """Keep one, unless it is not what Apprise sends."""
        try:
            body = orjson.loads(await request.body())
            title, text = body["title"], body["message"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return Response("a notification has a title and a message", 400)
        row = (
            request.path_params["name"].lower(),
            str(title)[:_LONGEST],
            str(text)[:_LONGEST],
            self._clock(),
        )
        with self._book.transaction() as db:
            db.execute("INSERT INTO phone (name, title, body, at) VALUES (?, ?, ?, ?)", row)
        return Response(status_code=204)

    async def list(self, _: Request) -> Response:
        """All notifications, the oldest first."""
        found = self._book.db.execute("SELECT name, title, body, at FROM phone ORDER BY seq")
        shown = [{"phone": n, "title": t, "text": b, "at": at} for n, t, b, at in found]
        return Response(orjson.dumps({"notifications": shown}), media_type="application/json")


def newest(name: str = "") -> Callable[[sqlite3.Connection], list[PhoneMessage]]:
    """The newest notifications of one phone, or of all."""

    def read(db: sqlite3.Connection) -> list[PhoneMessage]:
        where = "WHERE name = :name" if name else ""
        rows = db.execute(
            f"SELECT name, title, body, at FROM phone {where} ORDER BY seq DESC LIMIT :limit",
            {"name": name, "limit": _SHOWN},
        )
        return [PhoneMessage(*row) for row in rows]

    return read
