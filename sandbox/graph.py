"""Facebook's Graph API for one Page: publishing, reading back, comments."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.config import SandboxConfig
from sandbox.dms import PageInbox
from sandbox.faults import Operation
from sandbox.gate import SandboxGate
from sandbox.graphbook import Comment, EdgeSlice, GraphBook, PagePost
from sandbox.grapherrors import answer, error, no_such_object, usage_headers
from sandbox.graphpages import edge_page
from sandbox.windows import Window

_VERSION = re.compile(r"v(\d{1,2})\.(\d)")
_OLDEST, _NEWEST = 21, 26
_CALLS_PER_HOUR = 4800
_LONGEST = 63_206
_MINUTE = 60.0
_NEWEST_COMMENT = "comments.filter(stream).order(reverse_chronological).limit(1)"
"""The one expansion of fields that is understood here."""
_EDGES = ("feed", "published_posts", "scheduled_posts", "tagged", "conversations")

Values = dict[str, str]


class Graph:
    """One entrance for every `/v{NN}.{N}/...` path, behind the token check."""

    def __init__(
        self,
        config: SandboxConfig,
        book: GraphBook,
        inbox: PageInbox,
        gate: SandboxGate,
        clock: Callable[[], float],
    ) -> None:
        self._config = config
        self._book = book
        self._inbox = inbox
        self._gate = gate
        self._clock = clock
        self._calls = Window()

    def routes(self) -> list[Route]:
        methods = ["GET", "POST", "DELETE"]
        return [Route("/{version}/{path:path}", self.serve, methods=methods)]

    async def serve(self, request: Request) -> Response:
        """Find out what is asked, and answer it behind the faults."""
        version = _VERSION.fullmatch(request.path_params["version"])
        if version is None:
            return Response("Not Found", 404)
        values = await _values(request)
        node, _, edge = request.path_params["path"].strip("/").partition("/")
        operation = _operation(request.method, edge)

        async def handle(_: Request) -> Response:
            return self._answer(request, node, edge, values)

        result = await self._gate.run(operation, request, handle, values.get("access_token", ""))
        # An expired version is served by the oldest usable one, an unknown newer one by the newest.
        major = min(max(int(version[1]), _OLDEST), _NEWEST)
        result.headers["facebook-api-version"] = f"v{major}.0"
        self._calls.take(self._clock(), _CALLS_PER_HOUR, 3600.0)
        percent = 100 * self._calls.used // _CALLS_PER_HOUR
        for name, value in usage_headers(self._config.page_id, percent).items():
            result.headers.setdefault(name, value)
        return result

    def _answer(self, request: Request, node: str, edge: str, values: Values) -> Response:
        if not values.get("access_token"):
            return error(
                2500,
                "An active access token must be used to query information about the current user.",
            )
        if values["access_token"] != self._config.page_token:
            return error(190, "Invalid OAuth access token - Cannot parse access token")
        if node == "me":
            node = self._config.page_id
        if node == self._config.page_id:
            return self._page(request, edge, values)
        found = self._book.post(node) or self._book.comment(node) or self._book.tag(node)
        if found is None:
            return no_such_object(node)
        if edge == "comments":
            return self._comments(request, found, values)
        if edge:
            return _no_such_edge(edge)
        match request.method:
            case "GET":
                return answer(self._shown(request, found, _fields(values)))
            case "POST":
                return self._change(found, values)
            case _:
                self._book.delete(found)
                return answer({"success": True})

    def _page(self, request: Request, edge: str, values: Values) -> Response:
        if edge == "" and request.method == "GET":
            page = {"name": self._config.page_name, "id": self._config.page_id}
            wanted = _fields(values) or {"id", "name"}
            return answer({k: v for k, v in page.items() if k in wanted or k == "id"})
        if edge == "feed" and request.method == "POST":
            return self._publish(values)
        if edge not in _EDGES or request.method != "GET":
            return _no_such_edge(edge)
        part = _part(values)
        if isinstance(part, Response):
            return part
        if edge == "conversations":
            return self._inbox.conversations(request, part, values.get("fields", ""))
        if edge == "tagged":
            return self._listing(request, list(self._book.tags(part)), part, _fields(values))
        posts = self._book.posts(part, scheduled=edge == "scheduled_posts")
        return self._listing(request, list(posts), part, _fields(values))

    def _publish(self, values: Values) -> Response:
        message, link = values.get("message", ""), values.get("link") or None
        if not message.strip() and not link:
            return error(100, "(#100) The post is empty. Please enter a message to share.")
        if len(message) > _LONGEST:
            return error(100, "(#100) The message is too long.")
        published = _is_true(values.get("published", "true"))
        scheduled: float | None = None
        if "scheduled_publish_time" in values:
            try:
                scheduled = float(values["scheduled_publish_time"])
            except ValueError:
                return error(100, "(#100) Param scheduled_publish_time must be a unix timestamp.")
            ahead = scheduled - self._clock()
            if published or not 10 * _MINUTE <= ahead <= 30 * 24 * 60 * _MINUTE:
                return error(100, "(#100) The specified scheduled publish time is invalid.")
        if published and self._book.repeats_last(message, link):
            return error(506, "(#506) Duplicate status message")
        return answer({"id": self._book.add_post(message, link, published, scheduled)})

    def _change(self, found: PagePost | Comment, values: Values) -> Response:
        message = values.get("message", "")
        if isinstance(found, Comment) and "is_hidden" in values:
            self._book.hide(found, _is_true(values["is_hidden"]))
        elif isinstance(found, Comment) and found.author_id != self._config.page_id:
            return error(200, "(#200) Permissions error")
        elif message.strip():
            self._book.edit(found, message)
        else:
            return error(100, "(#100) Nothing was given that can be changed.")
        return answer({"success": True})

    def _comments(self, request: Request, found: PagePost | Comment, values: Values) -> Response:
        parent = found if isinstance(found, Comment) and not found.is_tag else None
        post_id = parent.post_id if parent else found.id
        if request.method == "POST":
            message = values.get("message", "")
            if not message.strip():
                return error(100, "(#100) The comment is empty. Please enter a message.")
            parent_id = parent.id if parent else None
            return answer({"id": self._book.answer(post_id, parent_id, message)})
        part = _part(values)
        if isinstance(part, Response):
            return part
        part = EdgeSlice(
            part.limit,
            part.after,
            part.since,
            part.until,
            newest_first=values.get("order") == "reverse_chronological",
        )
        comments = self._book.comments(
            post_id, part, parent.id if parent else None, values.get("filter") == "stream"
        )
        return self._listing(request, list(comments), part, _fields(values))

    def _listing(
        self, request: Request, found: list[PagePost | Comment], part: EdgeSlice, fields: set[str]
    ) -> Response:
        return edge_page(request, found, part, lambda one: self._shown(request, one, fields))

    def _shown(
        self, request: Request, item: PagePost | Comment, fields: set[str]
    ) -> dict[str, Any]:
        shown: dict[str, Any] = {"created_time": _time(item.at), "message": item.message}
        base = f"{request.base_url}facebook/{self._config.page_id}"
        if isinstance(item, PagePost):
            shown["is_published"] = bool(item.published)
            shown["permalink_url"] = f"{base}#{item.id}"
            shown["from"] = {"id": self._config.page_id, "name": self._config.page_name}
            default = {"created_time", "message"}
        else:
            shown["from"] = {"id": item.author_id, "name": item.author_name}
            shown["is_hidden"] = bool(item.hidden)
            shown["permalink_url"] = f"{base}#{item.id}"
            if item.parent_id is not None:
                shown["parent"] = {"id": item.parent_id}
            default = {"created_time", "message", "from"}
        if isinstance(item, PagePost) and any(one.startswith(_NEWEST_COMMENT) for one in fields):
            # An expansion, which is shown under the bare name of the edge.
            newest = self._book.newest_comment(item.id)
            if newest is not None:
                at = {"created_time": _time(newest.at), "id": newest.id}
                shown["comments"] = {"data": [at]}
            fields = fields | {"comments"}
        wanted = fields or default
        return {**{k: v for k, v in shown.items() if k in wanted}, "id": item.id}


async def _values(request: Request) -> Values:
    """Everything that was sent: query, form or JSON body, and the token from the header."""
    values: Values = dict(request.query_params)
    body = await request.body()
    if body:
        if request.headers.get("content-type", "").startswith("application/json"):
            try:
                sent = orjson.loads(body)
            except orjson.JSONDecodeError:
                sent = {}
            if isinstance(sent, dict):
                values.update({k: _as_text(v) for k, v in sent.items() if v is not None})
        else:
            values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth") and token:
        values["access_token"] = token.strip()
    return values


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _operation(method: str, edge: str) -> Operation:
    if method == "GET":
        return Operation.LIST
    if method == "DELETE":
        return Operation.DELETE
    return Operation.COMMENT if edge == "comments" else Operation.POST


def _fields(values: Values) -> set[str]:
    return {name.strip() for name in values.get("fields", "").split(",") if name.strip()}


def _part(values: Values) -> EdgeSlice | Response:
    """The slice asked for, one longer than the page, so that a next page is noticed."""
    limit = values.get("limit", "25")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        return error(100, "(#100) Param limit must be a number from 1 to 100.")
    after = values.get("after")
    if after is not None and not after.isdigit():
        return error(100, "(#100) Invalid cursor.")
    try:
        since, until = _moment(values.get("since")), _moment(values.get("until"))
    except ValueError:
        return error(100, "(#100) Param since or until is not a time.")
    return EdgeSlice(int(limit) + 1, int(after) if after else None, since, until)


def _moment(text: str | None) -> float | None:
    if not text:
        return None
    if text.isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _is_true(text: str) -> bool:
    return text.strip().lower() not in ("false", "0", "")


def _no_such_edge(edge: str) -> Response:
    return error(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (Page)")
