"""X's API v2: who may call, how often, and creating and deleting posts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.config import SandboxConfig
from sandbox.dms import XMessages
from sandbox.faults import Operation
from sandbox.gate import SandboxGate
from sandbox.oauth1 import OAuth1Verifier
from sandbox.weighted import MAX_WEIGHT, weight
from sandbox.windows import Window
from sandbox.xbook import XBook, XPost
from sandbox.xproblems import (
    DUPLICATE,
    NO_QUOTES,
    NOT_SUMMONED,
    forbidden,
    invalid,
    json_answer,
    missing,
    rate_limited,
    unauthorized,
)
from sandbox.xtimelines import XTimelines

_ID = re.compile(r"[0-9]{1,19}")
_DAY = 24 * 3600.0
# Calls a user may make in 15 minutes (docs.x.com "Rate limits"); posts are a dial of their own.
_PER_WINDOW = {
    "delete": 50,
    "post_by_id": 900,
    "timeline": 900,
    "mentions": 300,
    "search": 300,
    "me": 75,
    "dm_events": 15,
}
_KNOWN_KEYS = frozenset(
    "text reply quote_tweet_id media poll edit_options reply_settings community_id "
    "share_with_followers for_super_followers_only geo nullcast made_with_ai paid_partnership "
    "card_uri direct_message_deep_link".split()
)
_REPLY_KEYS = frozenset(
    {"in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"}
)
_ALONE = ("media", "poll", "quote_tweet_id", "card_uri")

Handler = Callable[[Request], Awaitable[Response]]


class X:
    """The handlers of the posts API for one account."""

    def __init__(
        self,
        config: SandboxConfig,
        posts: XBook,
        messages: XMessages,
        gate: SandboxGate,
        clock: Callable[[], float],
    ) -> None:
        self._config = config
        self._posts = posts
        self.messages = messages
        self._gate = gate
        self._clock = clock
        self._oauth1 = OAuth1Verifier(
            config.x_consumer_key, config.x_consumer_secret, config.x_token, config.x_token_secret
        )
        self._windows: dict[str, Window] = {}
        self._day = Window()

    def routes(self) -> list[Route]:
        reading = XTimelines(self._config, self._posts, self._clock)
        known: list[tuple[str, str, Operation, str, Handler]] = [
            ("POST", "/2/tweets", Operation.POST, "create", self.create),
            ("DELETE", "/2/tweets/{id}", Operation.DELETE, "delete", self.delete),
            ("GET", "/2/tweets/search/recent", Operation.LIST, "search", reading.search),
            ("GET", "/2/tweets/{id}", Operation.LIST, "post_by_id", reading.one),
            ("GET", "/2/users/me", Operation.LIST, "me", reading.me),
            ("GET", "/2/users/{id}/tweets", Operation.LIST, "timeline", reading.timeline),
            ("GET", "/2/users/{id}/mentions", Operation.LIST, "mentions", reading.mentions),
            ("GET", "/2/dm_events", Operation.LIST, "dm_events", self.messages.events),
        ]
        return [
            self._gate.route(path, operation, self._admitted(name, handler), method)
            for method, path, operation, name, handler in known
        ]

    def forget_usage(self) -> None:
        """Open every window anew."""
        self._windows.clear()
        self._day = Window()

    async def create(self, request: Request) -> Response:
        """`POST /2/tweets`: 201 with the text as X stores it, links wrapped."""
        try:
            body = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return invalid("body", "", "The request body is not valid JSON.")
        if not isinstance(body, dict):
            return invalid("body", "", "The request body must be an object.")
        refusal = _refuse_malformed(body)
        if refusal is not None:
            return refusal
        text = str(body.get("text") or "").strip()
        if weight(text) > MAX_WEIGHT:
            return invalid("text", weight(text), f"The text is longer than {MAX_WEIGHT} units.")
        if "quote_tweet_id" in body:
            return forbidden(NO_QUOTES)
        if "edit_options" in body:
            return forbidden("You are not permitted to edit this post.")
        target: XPost | None = None
        if "reply" in body:
            number = body["reply"]["in_reply_to_tweet_id"]
            target = self._posts.post(int(number))
            if target is None:
                return missing("tweet", number)
            if not self._may_reply_to(target):
                return forbidden(NOT_SUMMONED)
        me = self._config.x_user_id
        if self._posts.is_duplicate(me, text, target):
            return forbidden(DUPLICATE)
        post = self._posts.add(me, text, target)
        data = {"id": str(post.id), "text": post.wrapped, "edit_history_tweet_ids": [str(post.id)]}
        return json_answer(201, {"data": data})

    async def delete(self, request: Request) -> Response:
        """`DELETE /2/tweets/{id}`: own posts only."""
        number = request.path_params["id"]
        if not _ID.fullmatch(number):
            return invalid("id", number, "The id is not valid.")
        post = self._posts.post(int(number))
        if post is None:
            return missing("tweet", number)
        if post.author_id != self._config.x_user_id:
            return forbidden("You are not permitted to perform this action.")
        self._posts.delete(post.id)
        return json_answer(200, {"data": {"deleted": True}})

    def _may_reply_to(self, target: XPost) -> bool:
        """Since February 2026 an app may answer only those who mentioned it, and itself."""
        if not self._config.dials.x_reply_rule or target.author_id == self._config.x_user_id:
            return True
        return self._posts.mentions_user(target, self._config.x_user_id)

    def _admitted(self, name: str, handler: Handler) -> Handler:
        """The handler, behind X's check of credentials and of rate limits."""

        async def admitted(request: Request) -> Response:
            if not self._is_authentic(request):
                return unauthorized()
            headers = self._count(name)
            if headers.pop("refused", None):
                return rate_limited(headers)
            answer = await handler(request)
            answer.headers.update(headers)
            return answer

        return admitted

    def _is_authentic(self, request: Request) -> bool:
        header = request.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            return bool(token.strip())
        url = request.url
        return self._oauth1.accepts(
            header,
            request.method,
            f"{url.scheme}://{url.netloc.lower()}{url.path}",
            url.query,
            "",
            self._clock(),
        )

    def _count(self, name: str) -> dict[str, str]:
        """Count one call; the headers to answer with, and `refused` when a window is used up."""
        now, dials = self._clock(), self._config.dials
        seconds = dials.x_window_seconds
        limit = dials.x_posts_per_window if name == "create" else _PER_WINDOW[name]
        window = self._windows.setdefault(name, Window())
        day_is_open = name != "create" or self._day.is_open(now, dials.x_posts_per_day, _DAY)
        passed = day_is_open and window.take(now, limit, seconds)
        window.is_open(now, limit, seconds)
        headers = {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(0, limit - window.used)),
            "x-rate-limit-reset": str(window.reset_at(seconds)),
        }
        if name == "create":
            if passed:
                self._day.take(now, dials.x_posts_per_day, _DAY)
            left = max(0, dials.x_posts_per_day - self._day.used)
            headers["x-app-limit-24hour-limit"] = str(dials.x_posts_per_day)
            headers["x-app-limit-24hour-remaining"] = str(left)
            headers["x-app-limit-24hour-reset"] = str(self._day.reset_at(_DAY))
        if not passed:
            headers["refused"] = "1"
        return headers


def _refuse_malformed(body: dict[str, Any]) -> Response | None:
    """The 400 a body deserves by its shape alone; None when the shape is right."""
    for key in body:
        if key not in _KNOWN_KEYS:
            return invalid(key, "", f"[{key}] is not a known property.")
    text = body.get("text")
    if text is not None and not isinstance(text, str):
        return invalid("text", text, "The text must be a string.")
    if not (text and text.strip()) and "media" not in body:
        return invalid("text", "", "A post needs text or media.")
    if sum(key in body for key in _ALONE) > 1:
        return invalid("body", "", "media, poll, quote_tweet_id and card_uri exclude each other.")
    if "media" in body:
        return invalid("media.media_ids", "", "Your media IDs are invalid.")
    reply = body.get("reply")
    if "reply" in body:
        if not isinstance(reply, dict) or not reply.keys() <= _REPLY_KEYS:
            return invalid("reply", "", "The reply is not valid.")
        if not _is_id(reply.get("in_reply_to_tweet_id")):
            return invalid(
                "reply.in_reply_to_tweet_id",
                reply.get("in_reply_to_tweet_id"),
                "The id must be a string of 1 to 19 digits.",
            )
    for key in ("quote_tweet_id", "community_id"):
        if key in body and not _is_id(body[key]):
            return invalid(key, body[key], "The id must be a string of 1 to 19 digits.")
    settings = body.get("reply_settings")
    if settings not in (None, "following", "mentionedUsers", "subscribers", "verified"):
        return invalid("reply_settings", settings, "The reply_settings value is not known.")
    return _refuse_poll(body["poll"]) if "poll" in body else None


def _refuse_poll(poll: object) -> Response | None:
    options = poll.get("options") if isinstance(poll, dict) else None
    minutes = poll.get("duration_minutes") if isinstance(poll, dict) else None
    if not isinstance(options, list) or not 2 <= len(options) <= 4:
        return invalid("poll.options", "", "A poll has 2 to 4 options.")
    if not all(isinstance(o, str) and 1 <= len(o) <= 25 for o in options):
        return invalid("poll.options", "", "A poll option has 1 to 25 characters.")
    if not isinstance(minutes, int) or not 5 <= minutes <= 10080:
        return invalid("poll.duration_minutes", minutes, "A poll lasts 5 to 10080 minutes.")
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
