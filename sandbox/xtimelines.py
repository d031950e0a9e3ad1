"""Reading from X: one post, a timeline, mentions, the recent search, and who we are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from sandbox.config import SandboxConfig
from sandbox.xbook import Slice, XBook, XPost, time_of
from sandbox.xproblems import invalid, json_answer, missing, not_found

_SEARCHABLE_SECONDS = 7 * 24 * 3600.0
_ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_FIELDS = frozenset(
    "article attachments author_id card_uri community_id context_annotations conversation_id "
    "created_at display_text_range edit_controls edit_history_tweet_ids edit_history_post_ids "
    "entities geo id in_reply_to_user_id lang media_metadata non_public_metrics note_tweet "
    "note_post organic_metrics possibly_sensitive promoted_metrics public_metrics "
    "referenced_tweets referenced_posts reply_settings scopes source text username withheld".split()
)


class _BadQuery(Exception):
    """A parameter was wrong; carries the 400."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class XTimelines:
    """The reading handlers; they answer in the old or the new field names, as they were asked.

    OpenAPI 2.166 renamed `tweet.fields` to `post.fields`; the documentation still uses the old
    word, so both are accepted.
    """

    def __init__(self, config: SandboxConfig, posts: XBook, clock: Callable[[], float]) -> None:
        self._config = config
        self._posts = posts
        self._clock = clock

    async def me(self, request: Request) -> Response:
        """`GET /2/users/me`."""
        user = self._posts.user(self._config.x_user_id)
        assert user is not None
        return json_answer(200, {"data": asdict(user)})

    async def one(self, request: Request) -> Response:
        """`GET /2/tweets/{id}`: a post that is gone is a 200 with `errors`."""
        number = request.path_params["id"]
        if not _ID.fullmatch(number):
            return invalid("id", number, "The id is not valid.")
        post = self._posts.post(int(number))
        if post is None:
            return json_answer(200, {"errors": [not_found("tweet", number)]})
        try:
            shape = _Shape(request.query_params, self._posts)
        except _BadQuery as bad:
            return bad.answer
        return json_answer(200, {"data": shape.of(post), **self._includes([post], shape)})

    async def timeline(self, request: Request) -> Response:
        """`GET /2/users/{id}/tweets`."""
        return self._page(request, own=True)

    async def mentions(self, request: Request) -> Response:
        """`GET /2/users/{id}/mentions`."""
        return self._page(request, own=False)

    async def search(self, request: Request) -> Response:
        """`GET /2/tweets/search/recent`: of its language only `@name -from:name` is understood."""
        asked = request.query_params.get("query", "")
        query = re.fullmatch(r"@(\w{1,15}) -from:(\w{1,15})", asked)
        if query is None:
            return invalid("query", asked, "The query is not one that the sandbox understands.")
        begin = self._clock() - _SEARCHABLE_SECONDS
        try:
            _refuse_old(request.query_params, begin)
            return self._listing(
                request,
                lambda part: self._posts.search(
                    query[1], query[2], replace(part, start=max(part.start or 0.0, begin))
                ),
                _slice(request.query_params, own=False, least=10),
            )
        except _BadQuery as bad:
            return bad.answer

    def _page(self, request: Request, own: bool) -> Response:
        user_id = request.path_params["id"]
        if not _ID.fullmatch(user_id):
            return invalid("id", user_id, "The id is not valid.")
        if self._posts.user(user_id) is None:
            return missing("user", user_id)
        read = self._posts.timeline if own else self._posts.mentions
        try:
            asked = _slice(request.query_params, own)
            return self._listing(request, lambda part: read(user_id, part), asked)
        except _BadQuery as bad:
            return bad.answer

    def _listing(
        self, request: Request, read: Callable[[Slice], list[XPost]], asked: Slice
    ) -> Response:
        shape = _Shape(request.query_params, self._posts)
        # One more than asked for tells whether there is a next page.
        found = read(replace(asked, limit=asked.limit + 1))
        page = found[: asked.limit]
        meta: dict[str, Any] = {"result_count": len(page)}
        body: dict[str, Any] = {"meta": meta}
        if page:
            meta["newest_id"], meta["oldest_id"] = str(page[0].id), str(page[-1].id)
            body["data"] = [shape.of(post) for post in page]
            body.update(self._includes(page, shape))
        if len(found) > len(page):
            meta["next_token"] = f"7140dibdnow9c{page[-1].id:x}"
        return json_answer(200, body)

    def _includes(self, posts: list[XPost], shape: _Shape) -> dict[str, Any]:
        if not shape.with_authors:
            return {}
        users = self._posts.users({post.author_id for post in posts})
        return {"includes": {"users": [asdict(user) for user in users]}}


class _Shape:
    """Which fields of a post to show, under which generation of names."""

    def __init__(self, query: QueryParams, posts: XBook) -> None:
        self._posts = posts
        self._new_names = "post.fields" in query
        asked = ",".join([query.get("tweet.fields", ""), query.get("post.fields", "")])
        self._fields = {name for name in asked.split(",") if name}
        for name in sorted(self._fields - _FIELDS):
            key = "post.fields" if self._new_names else "tweet.fields"
            raise _BadQuery(invalid(key, name, f"The {key} value [{name}] is not known."))
        expansions = query.get("expansions", "").split(",")
        self.with_authors = "author_id" in expansions
        # Since 2.166 what a post refers to is asked for as an expansion.
        self._fields |= {"referenced_posts"} & set(expansions)

    def of(self, post: XPost) -> dict[str, Any]:
        word = "post" if self._new_names else "tweet"
        shown: dict[str, Any] = {
            "id": str(post.id),
            "text": post.wrapped,
            f"edit_history_{word}_ids": [str(one) for one in self._posts.history(post.id)],
        }
        optional: dict[str, Any] = {
            "author_id": post.author_id,
            "created_at": rfc3339(post.at),
            "conversation_id": str(post.conversation_id),
            "lang": "en",
            "reply_settings": "everyone",
            "public_metrics": {
                "repost_count" if self._new_names else "retweet_count": 0,
                "reply_count": 0,
                "like_count": 0,
                "quote_count": 0,
                "bookmark_count": 0,
                "impression_count": 0,
            },
        }
        if post.urls:
            optional["entities"] = {"urls": post.urls}
        if post.reply_to is not None:
            optional["in_reply_to_user_id"] = post.reply_to_user
            # Either spelling of the field is answered in the generation that was asked for.
            optional[f"referenced_{word}s"] = [{"type": "replied_to", "id": str(post.reply_to)}]
        for name, value in optional.items():
            if name in self._fields or (name == "author_id" and self.with_authors):
                shown[name] = value
        return shown


def rfc3339(at: float) -> str:
    """A time as X writes it: UTC with milliseconds."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _refuse_old(query: QueryParams, begin: float) -> None:
    """As at X, nothing may be asked for that is older than the search reaches."""
    since, start = _number(query, "since_id"), _moment(query, "start_time")
    if (start is not None and start < begin) or (since is not None and time_of(since) < begin):
        name = "start_time" if start is not None else "since_id"
        raise _BadQuery(invalid(name, query[name], f"The {name} is older than seven days."))


def _slice(query: QueryParams, own: bool, least: int = 5) -> Slice:
    exclude = {name for name in query.get("exclude", "").split(",") if name}
    if exclude - {"replies", "retweets"} or (exclude and not own):
        raise _BadQuery(invalid("exclude", query["exclude"], "The exclude value is not known."))
    limit = query.get("max_results", "10")
    if not limit.isdigit() or not least <= int(limit) <= 100:
        said = f"The max_results value [{limit}] is not in [{least},100]."
        raise _BadQuery(invalid("max_results", limit, said))
    # The search takes either name.
    token = query.get("pagination_token") or query.get("next_token")
    before: int | None = None
    if token is not None:
        match = re.fullmatch(r"7140dibdnow9c([0-9a-f]+)", token)
        if match is None:
            raise _BadQuery(invalid("pagination_token", token, "The token is not valid."))
        before = int(match[1], 16)
    return Slice(
        limit=int(limit),
        since_id=_number(query, "since_id"),
        until_id=_number(query, "until_id"),
        before_id=before,
        start=_moment(query, "start_time"),
        end=_moment(query, "end_time"),
        without_replies="replies" in exclude,
    )


def _number(query: QueryParams, name: str) -> int | None:
    value = query.get(name)
    if value is None:
        return None
    if not _ID.fullmatch(value):
        raise _BadQuery(invalid(name, value, f"The {name} is not a valid id."))
    return int(value)


def _moment(query: QueryParams, name: str) -> float | None:
    value = query.get(name)
    if value is None:
        return None
    if not _TIME.fullmatch(value):
        raise _BadQuery(invalid(name, value, f"The {name} must look like 2026-01-31T12:00:00Z."))
    return datetime.fromisoformat(value).timestamp()
