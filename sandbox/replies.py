"""The sandbox's own count of answers: for every mention, how many of ours are under it.

It reads the records of each provider and nothing that Frontfoot says, so that "each one answered
once" can be compared with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.book import Book
from sandbox.config import SandboxConfig

Row = tuple[str, int, int]
"""The id of a mention, how many answers it has, and whether it was deleted."""

# A post that was edited is one mention, under the id of its first version, whichever version an
# answer names. An answer that we deleted is none.
_X = """
WITH said AS (
    SELECT p.id, coalesce(e.first, p.id) AS first, p.deleted FROM x_post p
    JOIN x_mention m ON m.post_id = p.id AND m.user_id = :x
    LEFT JOIN x_edit e ON e.id = p.id WHERE p.author_id <> :x),
answers AS (
    SELECT coalesce(e.first, a.reply_to) AS first, count(*) AS n FROM x_post a
    LEFT JOIN x_edit e ON e.id = a.reply_to
    WHERE a.author_id = :x AND a.reply_to IS NOT NULL AND a.deleted IS NULL GROUP BY 1)
SELECT CAST(s.first AS TEXT), coalesce(a.n, 0), max(s.deleted IS NOT NULL)
FROM said s LEFT JOIN answers a ON a.first = s.first GROUP BY s.first ORDER BY s.first
"""
_FACEBOOK = """
WITH said AS (
    SELECT id, deleted FROM fb_comment WHERE author_id <> :page
    UNION ALL SELECT id, deleted FROM fb_tag),
answers AS (
    SELECT coalesce(parent_id, post_id) AS above, count(*) AS n FROM fb_comment
    WHERE author_id = :page AND deleted IS NULL GROUP BY 1)
SELECT s.id, coalesce(a.n, 0), s.deleted IS NOT NULL
FROM said s LEFT JOIN answers a ON a.above = s.id
"""
_MASTODON = """
WITH answers AS (
    SELECT reply_to, count(*) AS n FROM toot
    WHERE author_id = :mastodon AND deleted IS NULL AND reply_to IS NOT NULL GROUP BY 1)
SELECT CAST(113000000000000000 + t.seq AS TEXT), coalesce(a.n, 0), t.deleted IS NOT NULL
FROM toot t LEFT JOIN answers a ON a.reply_to = CAST(113000000000000000 + t.seq AS TEXT)
WHERE t.author_id <> :mastodon ORDER BY t.seq
"""
_MAIL = """
WITH answers AS (
    SELECT trim(json_extract(c.body, '$.headers."In-Reply-To"'), '<> ') AS above,
        sum(q.recipients) AS n
    FROM mail_content c JOIN mail_request q ON q.content_id = c.id
    WHERE json_extract(c.body, '$.headers."In-Reply-To"') IS NOT NULL GROUP BY 1)
SELECT l.id, coalesce(a.n, 0), 0 FROM letter l LEFT JOIN answers a ON a.above = l.id ORDER BY l.seq
"""
_QUERIES = {"twitter": _X, "facebook": _FACEBOOK, "mastodon": _MASTODON, "email": _MAIL}


class ReplyBooks:
    """`GET /_sandbox/books/replies`."""

    def __init__(self, config: SandboxConfig, book: Book) -> None:
        self._book = book
        self._ours = {
            "x": config.x_user_id,
            "page": config.page_id,
            "mastodon": config.mastodon_id,
        }

    def routes(self) -> list[Route]:
        return [Route("/_sandbox/books/replies", self.count, methods=["GET"])]

    async def count(self, request: Request) -> Response:
        """Every mention and the answers under it; `?only=totals` leaves the mentions out.

        `answered` have one answer, `twice` have more, `gone` were deleted and have none.
        """
        found = await self._book.read(self._read)
        body: dict[str, object] = {
            "totals": {name: _totals(rows) for name, rows in found.items()},
        }
        if request.query_params.get("only") != "totals":
            body["mentions"] = [
                {"channel": name, "id": one, "replies": replies, "deleted": bool(deleted)}
                for name, rows in found.items()
                for one, replies, deleted in rows
            ]
        return Response(orjson.dumps(body), media_type="application/json")

    def _read(self, db: sqlite3.Connection) -> dict[str, list[Row]]:
        return {name: db.execute(sql, self._ours).fetchall() for name, sql in _QUERIES.items()}


def _totals(rows: list[Row]) -> dict[str, int]:
    def many(wanted: Callable[[int, int], bool]) -> int:
        return sum(1 for _, replies, deleted in rows if wanted(replies, deleted))

    return {
        "mentions": len(rows),
        "answered": many(lambda replies, _: replies == 1),
        "twice": many(lambda replies, _: replies > 1),
        "open": many(lambda replies, deleted: replies == 0 and not deleted),
        "gone": many(lambda replies, deleted: replies == 0 and bool(deleted)),
    }
