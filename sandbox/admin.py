"""The sandbox's own API under `/_sandbox`: books, faults, crowds, dials, reset."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.books import (
    own_comments,
    own_toots,
    page_messages,
    page_posts,
    x_messages,
    x_posts,
)
from sandbox.config import Dials
from sandbox.crowd import MAX_COUNT, LetterShape
from sandbox.faults import FaultRule
from sandbox.mailbag import LISTS
from sandbox.world import SandboxWorld


class CrowdOrder(BaseModel):
    """How many strangers speak, where, and (in turn) what they say.

    `reply_to` is a post or a mail of somebody's that they answer. The rest is for mail alone: more
    headers, the sender of its envelope (empty for a bounce), and whether it is HTML.
    """

    model_config = ConfigDict(extra="forbid")

    provider: str = Field(pattern="^(twitter|facebook|mastodon|email)$")
    count: int = Field(ge=1, le=MAX_COUNT)
    texts: list[str] = Field(default_factory=list)
    post_id: str | None = None
    to_us: bool = True
    tagging: bool = False
    private: bool = False
    by_us: bool = False
    reply_to: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    sender: str | None = None
    html: bool = False


class ChangeOrder(BaseModel):
    """What a stranger does to a post or comment: another text, or none for a deletion."""

    model_config = ConfigDict(extra="forbid")

    id: str
    text: str | None = None


class OutageOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(ge=0.0)


class SuppressOrder(BaseModel):
    """Addresses for a list that, at SendGrid, only events can fill."""

    model_config = ConfigDict(extra="forbid")

    emails: list[str]
    list: str
    reason: str = "put here through the sandbox"


class Admin:
    """The handlers behind `/_sandbox`; for tests and demonstrations, without credentials."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        base = "/_sandbox"
        return [
            Route(f"{base}/health", self.health),
            Route(f"{base}/books", self.books),
            Route(f"{base}/books/mail.ndjson", self.mail),
            Route(f"{base}/books/doubled", self.doubled),
            Route(f"{base}/faults", self.faults, methods=["GET"]),
            Route(f"{base}/faults", self.add_fault, methods=["POST"]),
            Route(f"{base}/faults", self.lift_faults, methods=["DELETE"]),
            Route(f"{base}/faults/{{number:int}}", self.lift_faults, methods=["DELETE"]),
            Route(f"{base}/crowd", self.crowd, methods=["POST"]),
            Route(f"{base}/crowd/change", self.change, methods=["POST"]),
            Route(f"{base}/outage", self.outage, methods=["POST"]),
            Route(f"{base}/suppress", self.suppress, methods=["POST"]),
            Route(f"{base}/dials", self.dials, methods=["GET"]),
            Route(f"{base}/dials", self.turn_dials, methods=["POST"]),
            Route(f"{base}/reset", self.reset, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        """Whether it is up, and how far the mail events are."""
        return _json({"ok": True, "events": self._world.events.counts()})

    async def books(self, request: Request) -> Response:
        """What every provider accepted; `?by=<custom arg>` adds recipients per value."""
        world = self._world
        posts = await world.book.read(lambda db: x_posts(db, world.config.x_handle))
        page = await world.book.read(page_posts)
        comments = await world.book.read(lambda db: own_comments(db, world.config.page_id))
        mail: dict[str, Any] = {**world.mailbag.totals(), "events": world.events.counts()}
        by = request.query_params.get("by")
        if by:
            mail["by"] = await world.mailbag.by_arg(by)
        toots = await world.book.read(lambda db: own_toots(db, world.config.mastodon_id))
        own = [post for post in posts if post.pop("author_id") == world.config.x_user_id]
        return _json(
            {
                "sendgrid": mail,
                "twitter": {
                    "accepted": len(own),
                    "posts": own,
                    "posts_by_others": len(posts) - len(own),
                    "private_messages": await world.book.read(x_messages),
                },
                "facebook": {
                    "accepted": len(page) + len(comments),
                    "posts": page,
                    "comments": comments,
                    "private_messages": await world.book.read(page_messages),
                },
                "mastodon": {"accepted": len(toots), "posts": toots},
            }
        )

    async def mail(self, request: Request) -> Response:
        """Every accepted recipient, one JSON document a line, in constant memory."""
        return StreamingResponse(self._world.mailbag.lines(), media_type="application/x-ndjson")

    async def doubled(self, request: Request) -> Response:
        """Pairs of (custom arg value, address) that were accepted more than once."""
        by = request.query_params.get("by")
        if not by:
            return _refuse("say which custom argument to look at: ?by=<name>")
        return _json(await self._world.mailbag.doubled(by))

    async def faults(self, request: Request) -> Response:
        return _json({"faults": self._world.faults.report()})

    async def add_fault(self, request: Request) -> Response:
        try:
            rule = FaultRule.model_validate_json(await request.body())
        except ValidationError as error:
            return _refuse_model(error)
        return _json({"id": self._world.faults.add(rule)}, 201)

    async def lift_faults(self, request: Request) -> Response:
        number = request.path_params.get("number")
        return _json({"lifted": self._world.faults.remove(number)})

    async def crowd(self, request: Request) -> Response:
        try:
            order = CrowdOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _refuse_model(error)
        made: list[str] | None
        if order.private and order.provider in ("twitter", "facebook"):
            made = self._world.crowd.message(order.provider, order.count, order.texts, order.by_us)
        elif order.provider == "twitter":
            made = self._world.crowd.mention(order.count, order.texts, order.to_us, order.reply_to)
        elif order.provider == "mastodon":
            made = self._world.crowd.toot(order.count, order.texts, order.reply_to)
        elif order.provider == "email":
            shape = LetterShape(order.headers, order.sender, order.html, order.reply_to)
            now = self._world.clock()
            made = self._world.crowd.mail(order.count, order.texts, now, shape)
        elif order.tagging:
            made = self._world.crowd.tag(order.count, order.texts)
        else:
            made = self._world.crowd.comment(order.count, order.texts, order.post_id)
        if made is None:
            return _refuse("the Page has no such post to comment on; publish one first", 409)
        return _json({"made": len(made), "ids": made}, 201)

    async def change(self, request: Request) -> Response:
        """A stranger edits or deletes what they said; on X an edit has an id of its own."""
        try:
            order = ChangeOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _refuse_model(error)
        done = self._world.crowd.change(order.id, order.text)
        return _json({"id": done}) if done else _refuse("there is no such post", 404)

    async def outage(self, request: Request) -> Response:
        """Every provider answers 503 for so many seconds; 0 ends an outage."""
        try:
            order = OutageOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _refuse_model(error)
        self._world.outage.begin(order.seconds)
        return _json({"seconds": order.seconds})

    async def suppress(self, request: Request) -> Response:
        try:
            order = SuppressOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _refuse_model(error)
        if order.list not in LISTS:
            return _refuse(f"there is no such list; the lists are {', '.join(LISTS)}")
        self._world.mailbag.suppress(order.list, order.emails, self._world.clock(), order.reason)
        return _json({"list": order.list, "added": len(order.emails)}, 201)

    async def dials(self, request: Request) -> Response:
        return _json(asdict(self._world.config.dials))

    async def turn_dials(self, request: Request) -> Response:
        """Change limits while it runs: `{"x_posts_per_window": 100000}`."""
        try:
            wanted = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return _refuse("the body is not JSON")
        known = {f.name: f for f in fields(Dials)}
        if not isinstance(wanted, dict) or not wanted.keys() <= known.keys():
            return _refuse(f"the dials are {', '.join(known)}")
        dials = self._world.config.dials
        for name, value in wanted.items():
            if not _fits(name, value, getattr(dials, name)):
                return _refuse(f"{name} cannot be set to a value of that type")
        for name, value in wanted.items():
            setattr(dials, name, value)
        self._world.events.wake()
        return _json(asdict(dials))

    async def reset(self, request: Request) -> Response:
        """Forget everything accepted, every fault and every window; keys and dials stay."""
        self._world.forget()
        return _json({"ok": True})


def _fits(name: str, value: object, now: object) -> bool:
    if name == "event_webhook_url":
        return value is None or isinstance(value, str)
    if isinstance(now, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(now, bool)
    return isinstance(value, int | float) if isinstance(now, float) else isinstance(value, int)


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _refuse(message: str, status: int = 400) -> Response:
    return _json({"error": message}, status)


def _refuse_model(error: ValidationError) -> Response:
    wrong = "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()
    )
    return _refuse(wrong)
