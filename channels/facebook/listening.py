"""Reads what people say to a Facebook Page: comments on its posts, and posts that tag it.

Source: developers.facebook.com, graph-api/reference/page-post/comments and reference/page/tagged.
What Facebook forces on us:

- There is no list of all comments. One request lists the Page's newest posts with the time of the
  newest comment on each; only those with a new one are read. Comments on older posts come by
  webhook alone.
- Times are whole seconds, and lists lag: each chain begins a little before what is known. What
  comes twice has the same id.
- A comment has no version. Its words are its version, so an edit is one.
- A new comment on a post that was read already must not be overlooked: a chain reaches the newest
  comment that its *first* request saw.
- Reading others' posts that tag the Page needs a permission that many Pages do not have. What may
  not be read is left out and told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from channels.contract import BadCredentials, Refused
from channels.facebook.graph import PROVIDER
from channels.facebook.refusals import Gone
from channels.http import Clock, Effect, silence
from channels.listening import (
    AnyText,
    AnyTime,
    PlaceLost,
    readable,
)
from domain.listening import Cursor, MentionPage, complete
from domain.mentions import Author, Mention, MentionKind, version_of
from domain.model import Value

WATCHED_POSTS = 100
"""The newest posts whose comments are looked for: as many as one request lists."""

PAGE_SIZE = 100
OVERLAP = timedelta(minutes=2)

_TAGGED = "tagged"
_SURVEY = "id,comments.filter(stream).order(reverse_chronological).limit(1){created_time}"
_FIELDS = "id,from,message,created_time,parent,permalink_url"

Get = Callable[[str, str, dict[str, str]], Awaitable[dict[str, Any]]]
"""Asks for one edge of one object, with a query; returns the JSON object."""


class Somebody(BaseModel):
    """A person or a Page, as far as Facebook tells."""

    id: AnyText = ""
    name: AnyText = ""


class _Said(BaseModel):
    """A comment, or a post that tags the Page; of all its fields, only the id must be there."""

    id: str = Field(min_length=1)
    message: AnyText = ""
    created_time: AnyTime = None
    permalink_url: AnyText = ""
    author: object = Field(default=None, validation_alias="from")
    parent: object = None

    def by(self) -> Somebody:
        return somebody(self.author)


class _Comments(BaseModel):
    data: list[_Said] = []


class _Surveyed(BaseModel):
    id: str = Field(min_length=1)
    comments: _Comments = _Comments()


class _Plan(Value):
    """What of a chain is still to be read: edges, and where in the first one."""

    edges: tuple[str, ...]
    after: str = ""

    def token(self) -> str:
        return self.model_dump_json(exclude_defaults=True) if self.edges else ""


class PageMentions:
    """Reads what is said to one Page, edge by edge; ``channel`` is the channel's name."""

    def __init__(self, channel: str, get: Get, page_id: str, site_url: str, clock: Clock) -> None:
        self._channel = channel
        self._get = get
        self._page_id = page_id
        self._site_url = site_url
        self._clock = clock

    async def page(self, cursor: Cursor) -> MentionPage:
        """One page; raises like ``Listens.mentions``."""
        if not cursor.token:
            return await self._survey(cursor)
        try:
            plan = _Plan.model_validate_json(cursor.token)
            edge = plan.edges[0]
        except (ValidationError, IndexError):
            raise PlaceLost("Facebook: the place to go on from cannot be read.") from None
        return await self._edge(cursor, plan, edge)

    async def _survey(self, cursor: Cursor) -> MentionPage:
        body = await self._get(
            self._page_id, "published_posts", {"fields": _SURVEY, "limit": str(WATCHED_POSTS)}
        )
        posts, unreadable = items(body, _Surveyed)
        begin = _begin(cursor)
        edges, times = [_TAGGED], []
        for post in posts:
            newest = max(
                (one.created_time for one in post.comments.data if one.created_time), default=None
            )
            if newest is None:
                continue
            times.append(newest.astimezone(UTC).isoformat())
            if begin is None or newest >= begin:
                edges.append(post.id)
        plan = _Plan(edges=tuple(edges))
        reached = max([cursor.newest, cursor.since, *times])
        return MentionPage(cursor=cursor.next_page(plan.token(), reached), unreadable=unreadable)

    async def _edge(self, cursor: Cursor, plan: _Plan, edge: str) -> MentionPage:
        rest = _Plan(edges=plan.edges[1:])
        try:
            body = await self._read(edge, plan.after)
        except BadCredentials:
            raise
        except Gone:
            # The post was deleted meanwhile, and what was said under it with it.
            return MentionPage(cursor=_after(cursor, rest))
        except Refused as error:
            if plan.after:
                raise PlaceLost("Facebook: it no longer knows the page to go on from.") from error
            # One edge that we may not read must not keep us from the others.
            return MentionPage(cursor=_after(cursor, rest), lacks=str(error))
        said, unreadable = items(body, _Said)
        begin = _begin(cursor)
        new = [one for one in said if begin is None or not _before(one, begin)]
        after = cursor_after(body)
        if after and len(new) == len(said):
            rest = _Plan(edges=plan.edges, after=after)
        found = [one for one in new if one.by().id != self._page_id]
        return MentionPage(
            mentions=tuple(self._mention(one, edge) for one in found),
            cursor=_after(cursor, rest),
            unreadable=unreadable,
        )

    async def _read(self, edge: str, after: str) -> dict[str, Any]:
        query = {"fields": _FIELDS, "limit": str(PAGE_SIZE)}
        if after:
            query["after"] = after
        if edge == _TAGGED:
            # Of a post there is no parent to ask for.
            query["fields"] = _FIELDS.replace(",parent", "")
            return await self._get(self._page_id, _TAGGED, query)
        query |= {"filter": "stream", "order": "reverse_chronological"}
        return await self._get(edge, "comments", query)

    def _mention(self, said: _Said, edge: str) -> Mention:
        tagged = edge == _TAGGED
        above = somebody(said.parent).id
        by = said.by()
        return Mention.model_validate(
            {
                "channel": self._channel,
                "id": said.id,
                "version": version_of(said.message),
                "kind": MentionKind.MENTION if tagged else MentionKind.COMMENT,
                "conversation": said.id if tagged else above or edge,
                "author": Author.model_validate({"id": by.id, "name": by.name}),
                "text": said.message,
                "reply_to": "" if tagged else above or edge,
                "url": said.permalink_url or f"{self._site_url}/{said.id}",
                "written_at": said.created_time or self._clock(),
            }
        )


def somebody(value: object) -> Somebody:
    """Who is named there; nobody if that cannot be read."""
    return Somebody.model_validate(value) if isinstance(value, dict) else Somebody()


def items(body: dict[str, Any], shape: type[Any]) -> tuple[list[Any], int]:
    """What a list shows, and how much of it cannot be read."""
    try:
        return readable(body.get("data"), shape)
    except ValueError:
        raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read") from None


def cursor_after(body: dict[str, Any]) -> str:
    """Where the next page begins; empty after the last one, which has a cursor but no ``next``."""
    paging = body.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) else ""


def _begin(cursor: Cursor) -> datetime | None:
    try:
        return datetime.fromisoformat(cursor.since).astimezone(UTC) - OVERLAP
    except ValueError:
        return None


def _before(said: _Said, begin: datetime) -> bool:
    return said.created_time is not None and said.created_time < begin


def _after(cursor: Cursor, rest: _Plan) -> Cursor:
    return cursor.next_page(rest.token(), cursor.newest) if rest.edges else complete(cursor.newest)
