"""Reads what people say to an account on Mastodon: its notifications of mentions.

Source: docs.joinmastodon.org, methods/notifications. Notifications are asked for by ``min_id``,
which gives those that come directly after a known one, so each page is a chain of its own and the
cursor moves with it. ``include_filtered`` brings those, too, that the account's filters hold back:
a customer with a new account is a customer. Before the first reading, only the newest page is
known.

The token needs the scope ``read:notifications`` besides those for publishing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import httpx
from pydantic import BaseModel, Field

from channels.html_words import words_of
from channels.http import Clock, Effect, silence
from channels.listening import (
    AnyCount,
    AnyText,
    AnyTime,
    loose_json,
    readable,
)
from channels.mastodon.refusals import PROVIDER, NotThere
from domain.listening import Cursor, MentionPage, complete
from domain.mentions import Author, Mention

PAGE_SIZE = 80

MOST_AGAIN = 20
"""Posts of one look; the server's own limit, if it has one, is not published."""

Query = Mapping[str, str] | Sequence[tuple[str, str]]
Ask = Callable[[str, Query], Awaitable[httpx.Response]]


class _Account(BaseModel):
    id: AnyText = ""
    acct: AnyText = ""
    display_name: AnyText = ""
    followers_count: AnyCount = None


class _Status(BaseModel):
    id: str = Field(min_length=1)
    content: AnyText = ""
    created_at: AnyTime = None
    edited_at: AnyTime = None
    in_reply_to_id: AnyText = ""
    language: AnyText = ""
    url: AnyText = ""
    visibility: AnyText = ""
    account: _Account = _Account()


class _Notification(BaseModel):
    id: str = Field(min_length=1)
    created_at: AnyTime = None
    status: _Status


class _Numbered(BaseModel):
    id: str = Field(min_length=1)


class AccountMentions:
    """Reads the mentions of one account, forwards; ``channel`` is the channel's name."""

    def __init__(self, channel: str, ask: Ask, clock: Clock) -> None:
        self._channel = channel
        self._ask = ask
        self._clock = clock

    async def page(self, cursor: Cursor, own_id: str) -> MentionPage:
        """One page; raises like ``Listens.mentions``."""
        query = {"types[]": "mention", "include_filtered": "true", "limit": str(PAGE_SIZE)}
        if cursor.since:
            query["min_id"] = cursor.since
        answer = await self._ask("/api/v1/notifications", query)
        try:
            items = loose_json(answer.content)
            seen, _ = readable(items, _Numbered)
            found, unreadable = readable(items, _Notification)
        except ValueError:
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read") from None
        new = [one for one in found if one.status.account.id != own_id]
        return MentionPage(
            mentions=tuple(self._mention(one.status, one.created_at) for one in new),
            # With nothing there yet, what comes is asked for from the very first one.
            cursor=complete(seen[0].id if seen else cursor.since or "0"),
            more=bool(cursor.since and seen),
            unreadable=unreadable,
        )

    async def again(self, ids: Sequence[str]) -> list[Mention]:
        """Those of these posts that are still shown, as they are now; none on an older server.

        Several at once can be read since Mastodon 4.3.
        """
        query = [("id[]", one) for one in ids[:MOST_AGAIN]]
        try:
            answer = await self._ask("/api/v1/statuses", query)
        except NotThere:
            return []
        try:
            found, _ = readable(loose_json(answer.content), _Status)
        except ValueError:
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read") from None
        return [self._mention(one, one.created_at) for one in found]

    def _mention(self, status: _Status, told_at: datetime | None) -> Mention:
        written = status.created_at or told_at or self._clock()
        changed = status.edited_at or written
        return Mention.model_validate(
            {
                "channel": self._channel,
                "id": status.id,
                "version": changed.isoformat(),
                "conversation": status.in_reply_to_id or status.id,
                "author": Author.model_validate(
                    {
                        "id": status.account.id,
                        "handle": status.account.acct,
                        "name": status.account.display_name,
                        "followers": status.account.followers_count,
                    }
                ),
                "text": words_of(status.content),
                "language": status.language,
                "reply_to": status.in_reply_to_id,
                "url": status.url,
                "written_at": written,
                "changed_at": max(changed, written),
                "private": status.visibility == "direct",
            }
        )
