"""Pages that show what the public sees: a timeline, a Page, an inbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.graphbook import EdgeSlice
from sandbox.mailbag import filled, filled_subject
from sandbox.phones import newest
from sandbox.world import SandboxWorld
from sandbox.xbook import Slice

_SHOWN = 50


class Pages:
    """The handlers of everything a person looks at in a browser."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["moment"] = _moment

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index),
            Route("/x/{handle}", self.timeline),
            Route("/{handle}/status/{post:int}", self.timeline),
            Route("/facebook/{page}", self.page),
            Route("/inbox", self.inbox),
            Route("/inbox/{address}", self.mails),
            Route("/phones", self.phones),
            Route("/phones/{name}", self.phones),
        ]

    async def index(self, request: Request) -> Response:
        world = self._world
        counts = await world.book.read(_counts)
        return self._show(
            "index.html",
            title="Sandbox",
            counts=counts,
            mail=world.mailbag.totals(),
            events=world.events.counts(),
            faults=world.faults.report(),
            outage=world.outage.left(),
            config=world.config,
        )

    async def timeline(self, request: Request) -> Response:
        """An account's posts and replies, or with `?mentions=1` what others say to it."""
        world = self._world
        row = world.book.db.execute(
            "SELECT id FROM x_user WHERE username = ?", (request.path_params["handle"],)
        ).fetchone()
        user = world.posts.user(row[0]) if row else None
        if user is None:
            return self._missing("Nobody here has that name.")
        mentions = "mentions" in request.query_params
        before = request.query_params.get("before", "")
        asked = Slice(limit=_SHOWN + 1, before_id=int(before) if before.isdigit() else None)
        read = world.posts.mentions if mentions else world.posts.timeline
        posts = read(user.id, asked)
        return self._show(
            "timeline.html",
            title=f"@{user.username}",
            user=user,
            mentions=mentions,
            posts=posts[:_SHOWN],
            authors={u.id: u for u in world.posts.users({p.author_id for p in posts})},
            older=posts[_SHOWN - 1].id if len(posts) > _SHOWN else None,
        )

    async def page(self, request: Request) -> Response:
        """A Page's posts with the newest comments under each."""
        world = self._world
        if request.path_params["page"] != world.config.page_id:
            return self._missing("There is no Page with that id.")
        posts = world.page.posts(EdgeSlice(limit=_SHOWN))
        comments = {
            post.id: world.page.comments(post.id, EdgeSlice(limit=20), None, all_levels=True)[::-1]
            for post in posts
        }
        return self._show(
            "page.html",
            title=world.config.page_name,
            name=world.config.page_name,
            page_id=world.config.page_id,
            posts=posts,
            comments=comments,
        )

    async def inbox(self, request: Request) -> Response:
        """The addresses written to last, or those that contain `?q=`."""
        search = request.query_params.get("q", "").strip()
        rows = await self._world.book.read(_latest_addresses(search))
        return self._show(
            "inbox.html",
            title="Inbox",
            search=search,
            rows=rows,
            mail=self._world.mailbag.totals(),
        )

    async def mails(self, request: Request) -> Response:
        """Every mail one address received, as its owner would read it."""
        address = request.path_params["address"]
        rows = await self._world.book.read(_mails_of(address))
        if not rows:
            return self._missing("Nothing was sent to that address.")
        mails = [_readable(*row) for row in rows]
        return self._show("mails.html", title=address, address=address, mails=mails)

    async def phones(self, request: Request) -> Response:
        """What reached the phones of our own people, or one of them, the newest first."""
        name = str(request.path_params.get("name", "")).lower()
        found = await self._world.book.read(newest(name))
        return self._show(
            "phones.html", title=name or "Phones of our people", name=name, notifications=found
        )

    def _show(self, template: str, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(template).render(**values)
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "img-src data: https:; frame-src 'self'; form-action 'self'"
        }
        return HTMLResponse(html, status, headers)

    def _missing(self, message: str) -> Response:
        return self._show("missing.html", 404, title="Not here", message=message)


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    names = {
        "posts": "SELECT count(*) FROM x_post WHERE deleted IS NULL",
        "mentions": "SELECT count(*) FROM x_mention",
        "page_posts": "SELECT count(*) FROM fb_post WHERE deleted IS NULL",
        "comments": "SELECT count(*) FROM fb_comment WHERE deleted IS NULL",
        "notifications": "SELECT count(*) FROM phone",
    }
    return {name: db.execute(query).fetchone()[0] for name, query in names.items()}


Rows = list[tuple[Any, ...]]


def _latest_addresses(search: str) -> Callable[[sqlite3.Connection], Rows]:
    def query(db: sqlite3.Connection) -> Rows:
        where = "WHERE instr(lower(m.address), lower(:search))" if search else ""
        return db.execute(
            "SELECT m.address, m.data, m.outcome, q.at, c.body FROM mail m"
            " JOIN mail_request q ON q.id = m.request_id"
            f" JOIN mail_content c ON c.id = q.content_id {where}"
            " ORDER BY m.request_id DESC, m.n DESC LIMIT :limit",
            {"search": search, "limit": _SHOWN},
        ).fetchall()

    def read(db: sqlite3.Connection) -> Rows:
        return [
            (address, filled_subject(orjson.loads(body).get("subject") or "", data), outcome, at)
            for address, data, outcome, at, body in query(db)
        ]

    return read


def _mails_of(address: str) -> Callable[[sqlite3.Connection], Rows]:
    def query(db: sqlite3.Connection) -> Rows:
        return db.execute(
            "SELECT m.data, m.outcome, q.at, c.body FROM mail m"
            " JOIN mail_request q ON q.id = m.request_id"
            " JOIN mail_content c ON c.id = q.content_id"
            " WHERE lower(m.address) = lower(?) ORDER BY m.request_id DESC LIMIT ?",
            (address, _SHOWN),
        ).fetchall()

    return query


def _readable(data: str | None, outcome: str | None, at: float, body: str) -> dict[str, Any]:
    content = orjson.loads(body)
    person: dict[str, Any] = orjson.loads(data) if data else {}
    blocks = {b["type"]: filled(b["value"], person) for b in content.get("content") or []}
    sender = person.get("from") or content["from"]
    headers = {**(content.get("headers") or {}), **(person.get("headers") or {})}
    return {
        "subject": filled_subject(content.get("subject") or "", data),
        "sender": f"{sender.get('name') or ''} <{sender['email']}>".strip(),
        "at": at,
        "outcome": outcome or "delivered",
        "html": blocks.get("text/html"),
        "text": blocks.get("text/plain"),
        "template": content.get("template_id"),
        "data": person.get("dynamic_template_data") or {},
        "headers": {k: filled(str(v), person) for k, v in headers.items()},
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y, %H:%M:%S UTC")
