"""Answers of a Page: comments under what was said, and looking for one of ours there.

Source: developers.facebook.com, graph-api/reference/object/comments. What Facebook forces on us:

- A post that tags the Page and a comment are answered alike, by a comment under them. No page of
  Meta's tells what becomes of an answer to an answer: it may stand beside it and not under it. So
  where ours are only beside it, nobody can tell which of them answers it.
- What is deleted and what the token may not see are one answer. Reading what others wrote needs
  ``pages_read_user_content``, and without it most of it would seem to be gone.
- Nobody is named in an answer: mentioning people needs a permission of its own.
- No limit for comments is published. The Page has so many calls for each person who engages with
  it; what is used up is told in headers, and answered by a time from which on to go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from channels.contract import ChannelError, Refused
from channels.facebook.graph import PROVIDER
from channels.facebook.refusals import Gone
from channels.http import Clock, Effect, silence
from channels.listening import AnyText, AnyTime, readable
from channels.looking import Page, Published, look_for_reply
from channels.replying import MentionGone
from domain.mentions import Mention, MentionKind
from domain.publication import Finding, Receipt, Sighting
from domain.replies import ReplyTerms

TERMS = ReplyTerms(checked_on=date(2026, 11, 20))
MOST_PAGES = 50
PAGE_SIZE = 100
_FIELDS = "id,from,created_time,permalink_url,parent"

Get = Callable[[str, str, dict[str, str]], Awaitable[dict[str, Any]]]
"""Asks for one edge of one object, with a query; returns the JSON object."""


class _Somebody(BaseModel):
    id: AnyText = ""


class _Comment(BaseModel):
    id: str = Field(min_length=1)
    created_time: AnyTime = None
    permalink_url: AnyText = ""
    author: object = Field(default=None, validation_alias="from")
    parent: object = None


class PageReplies:
    """Looks for answers of one Page."""

    def __init__(self, get: Get, page_id: str, site_url: str, clock: Clock) -> None:
        self._get = get
        self._page_id = page_id
        self._site_url = site_url
        self._clock = clock

    async def find(self, to: Mention, since: datetime) -> Sighting:
        """Whether one of ours answers ``to``."""
        found = await self._look(to.id, since)
        if found.finding is not Finding.ABSENT or not self._is_an_answer(to):
            return found
        beside = await self._look(to.reply_to, since)
        if beside.finding is Finding.ABSENT:
            return found
        return Sighting(
            finding=Finding.CANNOT_TELL,
            why="Facebook: it may show an answer to an answer beside it, and there is one of ours, "
            "or it cannot be seen whether there is.",
        )

    def _is_an_answer(self, to: Mention) -> bool:
        """Whether it stands under a comment, and not under a post of the Page."""
        under_a_post = to.reply_to.startswith(f"{self._page_id}_")
        return to.kind is MentionKind.COMMENT and bool(to.reply_to) and not under_a_post

    async def _look(self, node: str, since: datetime) -> Sighting:
        """Look for a comment of ours directly under ``node``."""

        async def read(after: str | None) -> Page:
            query = {
                "fields": _FIELDS,
                "limit": str(PAGE_SIZE),
                "filter": "stream",
                "order": "reverse_chronological",
                **({"after": after} if after is not None else {}),
            }
            body = await self._get(node, "comments", query)
            try:
                said, unreadable = readable(body.get("data"), _Comment)
            except ValueError:
                why = "the answer could not be read"
                raise silence(Effect.REPEATABLE, PROVIDER, why) from None
            more, cursor = _after(body)
            return Page(
                [self._published(one) for one in said],
                after=cursor,
                whole=not unreadable and (cursor is not None or not more),
            )

        # A comment without a parent stands under what was asked for.
        above = {node, ""}
        return await look_for_reply(read, above, since, provider=PROVIDER, most_pages=MOST_PAGES)

    def _published(self, comment: _Comment) -> Published:
        ours = _id_of(comment.author) == self._page_id
        at = comment.created_time
        receipt = Receipt(
            id=comment.id,
            url=comment.permalink_url or f"{self._site_url}/{comment.id}",
            at=at or self._clock(),
        )
        return Published((), receipt, at, answers=_id_of(comment.parent) if ours else _SOMEBODYS)


_SOMEBODYS = "somebody else's"
"""In the place of what a comment answers that is not ours: no id is like that."""


async def gone_or(error: Refused, to: Mention, ask: Callable[[str], Awaitable[object]]) -> Refused:
    """What it means that there is no such object to answer: a look at it tells."""
    try:
        await ask(to.id)
    except Gone:
        return MentionGone("Facebook: what was said is not there any more; nothing went out.")
    except ChannelError:
        return error
    return error


def _id_of(value: object) -> str:
    return _Somebody.model_validate(value).id if isinstance(value, dict) else ""


def _after(body: dict[str, Any]) -> tuple[bool, str | None]:
    """Whether there is more, and by which cursor."""
    paging = body.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return False, None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return True, after if isinstance(after, str) else None
