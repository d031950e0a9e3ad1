"""Mastodon's API for one account: posting, answering, reading back, notifications of mentions.

Shapes: docs.joinmastodon.org, methods/statuses, methods/accounts and methods/notifications, and
Mastodon's own source where those are silent. Never compared with a live server.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.config import SandboxConfig
from sandbox.faults import Operation
from sandbox.gate import Handler, SandboxGate, credential_of
from sandbox.tootbook import Toot, TootBook
from sandbox.windows import Window

LONGEST = 500
_FIRST_NOTIFICATION = 34_000_000
_MOST_STATUSES, _MOST_NOTIFICATIONS = 40, 80
_LINK = re.compile(r"(https?://)([^\s<]+)")


class MastodonErrors:
    """Mastodon's errors for the faults."""

    def throttled(self, seconds: float) -> Response:
        return _too_many(datetime.now(UTC).timestamp() + seconds)

    def dead_token(self) -> Response:
        return _error(401, "The access token was revoked")

    def out_of_credits(self) -> Response:
        # Nothing is sold; the nearest refusal is a disabled account.
        return _error(403, "Your login is currently disabled")

    def server_error(self, status: int) -> Response:
        return _error(status, "There was a temporary problem serving your request")


class Mastodon:
    """The handlers for one account."""

    def __init__(
        self, config: SandboxConfig, book: TootBook, gate: SandboxGate, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._book = book
        self._gate = gate
        self._clock = clock
        self._posts = Window()

    def routes(self) -> list[Route]:
        def route(path: str, operation: Operation, handler: Handler, method: str) -> Route:
            return self._gate.route(f"/api{path}", operation, handler, method)

        own = f"/v1/accounts/{self._config.mastodon_id}/statuses"
        return [
            route("/v1/statuses", Operation.POST, self._known(self.post), "POST"),
            route("/v1/statuses", Operation.LIST, self._known(self.several), "GET"),
            # A stranger may read a public post.
            route("/v1/statuses/{id}", Operation.LIST, self.one, "GET"),
            route("/v1/statuses/{id}", Operation.DELETE, self._known(self.delete), "DELETE"),
            route("/v1/accounts/verify_credentials", Operation.LIST, self._known(self.me), "GET"),
            route(own, Operation.LIST, self._known(self.own), "GET"),
            route("/v1/notifications", Operation.LIST, self._known(self.notifications), "GET"),
            route("/v2/instance", Operation.LIST, self.instance, "GET"),
        ]

    def forget_usage(self) -> None:
        """Open the window anew."""
        self._posts = Window()

    async def post(self, request: Request) -> Response:
        """`POST /api/v1/statuses`; the same `Idempotency-Key` makes no second post."""
        values = await _values(request)
        text = str(values.get("status") or "")
        key = request.headers.get("idempotency-key")
        if key is not None:
            made, known = self._book.made_by(key)
            if known:
                return _json(self._shown(made)) if made else _no_record()
        if not text.strip():
            return _error(422, "Validation failed: Text can't be blank")
        if len(_LINK.sub("x" * 23, text)) > LONGEST:
            return _error(422, f"Validation failed: Text character limit of {LONGEST} exceeded")
        above = values.get("in_reply_to_id") or None
        if above is not None and self._book.toot(str(above)) is None:
            return _error(404, "The post you are trying to reply to does not appear to exist.")
        dials = self._config.dials
        seconds = dials.mastodon_window_seconds
        if not self._posts.take(self._clock(), dials.mastodon_posts_per_window, seconds):
            return _too_many(self._posts.reset_at(seconds))
        visibility = str(values.get("visibility") or "public")
        made = self._book.add(text, str(above) if above else None, visibility, key)
        return _json(self._shown(made))

    async def several(self, request: Request) -> Response:
        """`GET /api/v1/statuses?id[]=…`: those that are there, since 4.3."""
        found = map(self._book.toot, request.query_params.getlist("id[]"))
        return _json([self._shown(one) for one in found if one])

    async def one(self, request: Request) -> Response:
        """`GET /api/v1/statuses/{id}`."""
        toot = self._book.toot(request.path_params["id"])
        return _json(self._shown(toot)) if toot else _no_record()

    async def delete(self, request: Request) -> Response:
        """`DELETE /api/v1/statuses/{id}`: own posts only."""
        toot = self._book.toot(request.path_params["id"])
        if toot is None or toot.author_id != self._config.mastodon_id:
            return _no_record()
        self._book.delete(toot)
        return _json(self._shown(toot))

    async def me(self, request: Request) -> Response:
        """`GET /api/v1/accounts/verify_credentials`."""
        config = self._config
        return _json(_account(config.mastodon_id, config.x_handle, config.x_name))

    async def own(self, request: Request) -> Response:
        """The account's own posts, newest first."""
        query = request.query_params
        found = self._book.own(query.get("max_id"), _limit(query.get("limit"), 20, _MOST_STATUSES))
        return _json([self._shown(one) for one in found])

    async def notifications(self, request: Request) -> Response:
        """Mentions of the account: directly after `min_id`, or the newest."""
        query = request.query_params
        if query.get("types[]") != "mention":
            return _json([])
        after = query.get("min_id")
        known = int(after) - _FIRST_NOTIFICATION if after and after.isdigit() else None
        limit = _limit(query.get("limit"), 40, _MOST_NOTIFICATIONS)
        return _json([self._notification(one) for one in self._book.mentions(known, limit)])

    async def instance(self, request: Request) -> Response:
        """What the server takes."""
        limits = {"max_characters": LONGEST, "characters_reserved_per_url": 23}
        return _json({"configuration": {"statuses": limits}})

    def _known(self, handler: Handler) -> Handler:
        """The handler, behind the check of the token."""

        async def known(request: Request) -> Response:
            if credential_of(request) != self._config.mastodon_token:
                return _error(401, "The access token is invalid")
            return await handler(request)

        return known

    def _notification(self, toot: Toot) -> dict[str, Any]:
        return {
            "id": str(_FIRST_NOTIFICATION + toot.seq),
            "type": "mention",
            "created_at": _time(toot.at),
            "account": _account(toot.author_id, toot.acct, toot.name),
            "status": self._shown(toot),
        }

    def _shown(self, toot: Toot) -> dict[str, Any]:
        above = self._book.toot(toot.reply_to) if toot.reply_to else None
        return {
            "id": toot.id,
            "created_at": _time(toot.at),
            "edited_at": _time(toot.edited) if toot.edited is not None else None,
            "in_reply_to_id": above.id if above else None,
            "language": "en",
            "visibility": toot.visibility,
            "url": f"https://social.example/@{toot.acct}/{toot.id}",
            "content": _as_html(toot.text),
            "account": _account(toot.author_id, toot.acct, toot.name),
        }


def _account(number: str, acct: str, name: str) -> dict[str, Any]:
    return {"id": number, "acct": acct, "display_name": name, "followers_count": 10}


def _as_html(text: str) -> str:
    paragraphs = html.escape(text, quote=False).split("\n\n")
    linked = (_LINK.sub(r'<a href="\1\2">\1\2</a>', one) for one in paragraphs)
    return "".join(f"<p>{one}</p>".replace("\n", "<br />") for one in linked)


async def _values(request: Request) -> dict[str, Any]:
    """The body, as JSON or as a form."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            sent = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return {}
        return sent if isinstance(sent, dict) else {}
    return dict(await request.form())


def _limit(asked: str | None, usual: int, most: int) -> int:
    return min(int(asked), most) if asked and asked.isdigit() else usual


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _error(status: int, message: str) -> Response:
    return _json({"error": message}, status)


def _no_record() -> Response:
    return _error(404, "Record not found")


def _too_many(until: float) -> Response:
    answer = _error(429, "Too many requests")
    answer.headers["X-RateLimit-Limit"] = "300"
    answer.headers["X-RateLimit-Remaining"] = "0"
    answer.headers["X-RateLimit-Reset"] = datetime.fromtimestamp(until, UTC).isoformat(
        timespec="microseconds"
    )
    return answer
