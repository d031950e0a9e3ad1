"""A small Mastodon: one account, its posts, and misbehaviour on demand, served by a real uvicorn.

It shares nothing with the adapter, so that it does not share its mistakes. What it says was taken
from Mastodon's documentation: posts are shown as HTML, links in pieces; the idempotency key of a
post is remembered after the post is deleted; limits are told in ISO 8601.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from channels.contract_suite.mock_provider import UNREADABLE
from channels.contract_suite.stand_in import LookFault, Misbehaviour
from sandbox.wire import CuttableProtocol, Dropped, Hang

TOKEN = "mastodon-token"
ACCOUNT = "109"
PAGE = 40
MOST_NOTIFICATIONS = 80


@dataclass
class Books:
    """What the server knows; ``taken`` holds every post with all that came with it."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    blocking: set[str] = field(default_factory=set)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    next: Misbehaviour | None = None
    looks: LookFault | None = None
    wait: timedelta = timedelta(seconds=90)
    late: float = 0.7
    limit: int = 500

    def notify(self, text: str, account: dict[str, Any], **more: Any) -> str:
        """Somebody mentions the account; returns the id of their post."""
        number = 113_000_000_000_000_000 + len(self.notifications)
        status = {
            "id": str(number),
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "edited_at": None,
            "in_reply_to_id": None,
            "language": "en",
            "visibility": "public",
            "url": f"https://social.example/@{account['acct']}/{number}",
            "content": shown(text),
            "account": account,
            **more,
        }
        one = {"id": str(34_975_000 + len(self.notifications)), "type": "mention", "status": status}
        self.notifications.append({**one, "created_at": status["created_at"], "account": account})
        return str(number)

    def has(self, number: str) -> bool:
        """Whether there is such a post, of ours or of somebody who mentioned us."""
        theirs = {str(one["status"]["id"]) for one in self.notifications}
        ours = {str(post["id"]) for post in self.posts}
        return number in theirs | ours and number not in self.gone

    def reset(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]


def shown(text: str) -> str:
    """A text as Mastodon shows it."""
    paragraphs = html.escape(text, quote=False).split("\n\n")
    return "".join(f"<p>{_linked(one)}</p>".replace("\n", "<br />") for one in paragraphs)


def _linked(text: str) -> str:
    def link(found: re.Match[str]) -> str:
        scheme, rest = found[1], found[2]
        return (
            f'<a href="{scheme}{rest}" target="_blank" rel="nofollow noopener noreferrer">'
            f'<span class="invisible">{scheme}</span><span class="ellipsis">{rest[:30]}</span>'
            f'<span class="invisible">{rest[30:]}</span></a>'
        )

    return re.sub(r"(https?://)([^\s<]+)", link, text)


def app_of(books: Books) -> Starlette:
    """The server as an application over ``books``."""

    def stranger(request: Request) -> Response | None:
        books.requests.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return JSONResponse({"error": "The access token is invalid"}, 401)

    async def publish(request: Request) -> Response:
        if no := stranger(request):
            return no
        body = json.loads(await request.body())
        how, books.next = books.next, None
        match how:
            case None:
                return take(request, body)
            case Misbehaviour.THROTTLES | Misbehaviour.THROTTLES_WITHOUT_RESET:
                return throttled(how is Misbehaviour.THROTTLES)
            case Misbehaviour.REFUSES:
                return JSONResponse({"error": "Validation failed: dear sender"}, 422)
            case Misbehaviour.CALLS_INVALID:
                return JSONResponse({"error": "status is missing, dear sender"}, 400)
            case Misbehaviour.CREDENTIALS_DEAD:
                return JSONResponse({"error": "The access token was revoked, dear sender"}, 401)
            case Misbehaviour.REDIRECTS:
                return RedirectResponse("https://elsewhere.example/", 302)
            case Misbehaviour.SILENT_BEFORE:
                return Hang(books.late)
            case Misbehaviour.DROPS_BEFORE:
                return Dropped()
            case Misbehaviour.FAILS_BEFORE:
                return JSONResponse({"error": "temporary problem, dear sender"}, 503)
        answer = take(request, body)
        match how:
            case Misbehaviour.SILENT_AFTER:
                await asyncio.sleep(books.late)
                return answer
            case Misbehaviour.DROPS_AFTER:
                return Dropped()
            case Misbehaviour.UNREADABLE_AFTER:
                return Response(UNREADABLE)
        return JSONResponse({"error": "something broke, dear sender"}, 500)

    def read(request: Request, shown: Any) -> Response:
        """An answer to a request that only reads."""
        how = books.looks
        if how is LookFault.FAILS_LATER:
            books.looks = LookFault.FAILS
        match how:
            case LookFault.FORBIDDEN:
                error = "This action is outside the authorized scopes, dear sender"
                return JSONResponse({"error": error}, 403)
            case LookFault.CREDENTIALS_DEAD:
                return JSONResponse({"error": "The access token was revoked, dear sender"}, 401)
            case LookFault.THROTTLES:
                return throttled(True)
            case LookFault.FAILS:
                return JSONResponse({"error": "something broke, dear sender"}, 500)
            case LookFault.SILENT:
                return Hang(books.late)
            case LookFault.WITHOUT_LIST:
                return JSONResponse({"note": "dear sender"})
            case LookFault.UNREADABLE:
                return Response(UNREADABLE)
        return stranger(request) or JSONResponse(shown)

    def throttled(tells: bool) -> Response:
        until = datetime.now(UTC) + books.wait
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0"}
        if tells:
            headers["X-RateLimit-Reset"] = until.isoformat(timespec="microseconds")
        return JSONResponse({"error": "Too many requests, dear sender"}, 429, headers)

    def take(request: Request, body: dict[str, Any]) -> Response:
        key = request.headers.get("idempotency-key")
        if key in books.keys:
            return one_post(books.keys[key])
        above = body.get("in_reply_to_id")
        if above is not None and (not books.has(above) or above in books.blocking):
            return JSONResponse({"error": "The post you are trying to reply to is gone"}, 404)
        number = str(112_000_000_000_000_000 + len(books.taken))
        post = {
            "id": number,
            "url": f"https://social.example/@acme/{number}",
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "visibility": body["visibility"],
            "content": shown(body["status"]),
            "in_reply_to_id": above,
        }
        books.posts.insert(0, post)
        books.taken.append({**body, "idempotency-key": key})
        books.notify(body["status"], {"id": ACCOUNT, "acct": "acme", "display_name": "Acme"})
        if key is not None:
            books.keys[key] = number
        return JSONResponse(post)

    def one_post(number: str) -> Response:
        found = [post for post in books.posts if post["id"] == number]
        return JSONResponse(found[0]) if found else JSONResponse({"error": "Record not found"}, 404)

    async def one(request: Request) -> Response:
        number = request.path_params["id"]
        token = request.headers.get("authorization")
        if not books.has(number) or (token and number in books.blocking):
            return JSONResponse({"error": "Record not found"}, 404)
        return read(request, {"id": number}) if token else JSONResponse({"id": number})

    async def delete(request: Request) -> Response:
        if no := stranger(request):
            return no
        answer = one_post(request.path_params["id"])
        books.posts[:] = [one for one in books.posts if one["id"] != request.path_params["id"]]
        return answer

    async def statuses(request: Request) -> Response:
        before = int(request.query_params.get("max_id", 10**20))
        older = [post for post in books.posts if int(post["id"]) < before]
        return read(request, older[: min(int(request.query_params.get("limit", 20)), PAGE)])

    async def notifications(request: Request) -> Response:
        query = request.query_params
        most = min(int(query.get("limit", PAGE)), MOST_NOTIFICATIONS)
        after = int(query.get("min_id", -1))
        newer = [one for one in books.notifications if int(one["id"]) > after]
        # Those directly after a known one, or the newest; either way the newest comes first.
        page = newer[:most] if "min_id" in query else newer[-most:]
        wanted = query.get("types[]") == "mention" and query.get("include_filtered") == "true"
        return read(request, page[::-1] if wanted else [])

    async def me(request: Request) -> Response:
        return read(request, {"id": ACCOUNT, "acct": "acme"})

    async def instance(request: Request) -> Response:
        limits = {"max_characters": books.limit, "characters_reserved_per_url": 23}
        return JSONResponse({"configuration": {"statuses": limits}})

    return Starlette(
        routes=[
            Route("/api/v1/statuses", publish, methods=["POST"]),
            Route("/api/v1/statuses/{id}", one, methods=["GET"]),
            Route("/api/v1/statuses/{id}", delete, methods=["DELETE"]),
            Route(f"/api/v1/accounts/{ACCOUNT}/statuses", statuses),
            Route("/api/v1/accounts/verify_credentials", me),
            Route("/api/v1/notifications", notifications),
            Route("/api/v2/instance", instance),
        ]
    )


@contextmanager
def served(books: Books) -> Iterator[str]:
    """The server's address, for as long as the block lasts."""
    server = uvicorn.Server(
        uvicorn.Config(
            app_of(books),
            host="127.0.0.1",
            port=0,
            http=CuttableProtocol,
            lifespan="off",
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, name="mastodon")
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server took too long to start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
