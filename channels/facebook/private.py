"""Reads the private messages of a Facebook Page, by list and by webhook.

Source: developers.facebook.com, graph-api/reference/page/conversations, conversation/messages and
messenger-platform/webhooks. What Facebook forces on us:

- There is no list of all messages. Conversations are listed by the time of their newest message,
  and each shows its newest 20 messages; of older ones no words can be read. What is said beyond
  those between two readings comes by webhook alone, and is told as a gap.
- Nothing can be asked for by time: a chain ends at the first conversation without anything new.
- A message has the same id in both, and no version: its words are its version.
- A webhook has the author's number alone. The name comes with the next reading.
- It takes the permission ``pages_messaging``, and a token of somebody who may answer for the Page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from channels.contract import BadCredentials, Refused
from channels.facebook.listening import OVERLAP, Get, cursor_after, items, somebody
from channels.facebook.refusals import NoPermission
from channels.http import Clock
from channels.listening import AnyText, AnyTime, PlaceLost, readable
from domain.listening import Cursor, Gap, MentionPage, complete
from domain.mentions import Author, Gone, Mention, MentionKind, version_of

SHOWN = 20
"""The messages of a conversation that can be read."""

PAGE_SIZE = 25
FIRST_REACH = timedelta(days=7)
"""How far back the very first reading goes."""

_FIELDS = f"id,updated_time,link,messages.limit({SHOWN}){{id,from,message,created_time}}"


class _Message(BaseModel):
    id: str = Field(min_length=1)
    message: AnyText = ""
    created_time: AnyTime = None
    author: object = Field(default=None, validation_alias="from")


class _Conversation(BaseModel):
    id: str = Field(min_length=1)
    updated_time: AnyTime = None
    link: AnyText = ""
    messages: object = None


class _Told(BaseModel):
    """A message in a delivery."""

    mid: str = Field(min_length=1)
    text: AnyText = ""
    is_echo: bool = False
    is_deleted: bool = False


class _Event(BaseModel):
    sender: object = None
    timestamp: object = None
    message: _Told


class PageMessages:
    """Reads what is said to one Page alone; ``channel`` is the channel's name."""

    def __init__(self, channel: str, get: Get, page_id: str, site_url: str, clock: Clock) -> None:
        self._channel = channel
        self._get = get
        self._page_id = page_id
        self._site_url = site_url
        self._clock = clock

    async def page(self, cursor: Cursor) -> MentionPage:
        """One page of conversations; raises like ``Listens.mentions``."""
        body = await self._read(cursor)
        conversations, unreadable = items(body, _Conversation)
        begin = self._begin(cursor)
        times = [one.updated_time for one in conversations if one.updated_time]
        newest = cursor.newest
        if not cursor.token:
            # One that moves up while the rest is read is newer than all of this page.
            newest = max([cursor.since, *(at.astimezone(UTC).isoformat() for at in times)])
        found: list[Mention] = []
        gaps: list[Gap] = []
        for conversation in conversations:
            if conversation.updated_time is None or conversation.updated_time >= begin:
                told, bad, gap = self._told(conversation, begin)
                found += told
                unreadable += bad
                gaps += [gap] if gap and cursor.since else []
        after = cursor_after(body)
        ends = not after or any(at < begin for at in times)
        return MentionPage(
            mentions=tuple(found),
            cursor=complete(newest) if ends else cursor.next_page(after, newest),
            gap=Gap(since=begin, until=max(one.until for one in gaps)) if gaps else None,
            unreadable=unreadable,
        )

    async def _read(self, cursor: Cursor) -> dict[str, Any]:
        query = {"platform": "messenger", "fields": _FIELDS, "limit": str(PAGE_SIZE)}
        if cursor.token:
            query["after"] = cursor.token
        try:
            return await self._get(self._page_id, "conversations", query)
        except NoPermission as error:
            raise may_not_read() from error
        except BadCredentials:
            raise
        except Refused as error:
            if not cursor.token:
                raise
            raise PlaceLost("Facebook: it no longer knows the page to go on from.") from error

    def _told(
        self, conversation: _Conversation, begin: datetime
    ) -> tuple[list[Mention], int, Gap | None]:
        """What is new in a conversation, how much cannot be read, and whether some is not shown."""
        shown = conversation.messages if isinstance(conversation.messages, dict) else {}
        messages, unreadable = items({"data": shown.get("data") or []}, _Message)
        new = [one for one in messages if one.created_time is None or one.created_time >= begin]
        times = [one.created_time for one in messages if one.created_time]
        cut = len(new) == len(messages) and times and cursor_after(shown)
        mentions = [
            message_of(
                self._channel,
                one.id,
                one.message,
                Author(id=by.id, name=by.name),
                one.created_time or conversation.updated_time or self._clock(),
                self._url(conversation),
            )
            for one in new
            if (by := somebody(one.author)).id != self._page_id
        ]
        return mentions, unreadable, Gap(since=begin, until=min(times)) if cut else None

    def _url(self, conversation: _Conversation) -> str:
        link = conversation.link
        if link.startswith("/"):
            return f"{self._site_url}{link}"
        return inbox_of(self._site_url, self._page_id)

    def _begin(self, cursor: Cursor) -> datetime:
        try:
            return datetime.fromisoformat(cursor.since).astimezone(UTC) - OVERLAP
        except ValueError:
            return self._clock().astimezone(UTC) - FIRST_REACH


def may_not_read() -> Refused:
    """What it means that a token which is right is refused the Page's messages."""
    return Refused(
        "Facebook: this token may not read the Page's private messages.",
        "Give it pages_messaging, made by somebody who may answer messages for the Page, set "
        "FRONTFOOT_FACEBOOK_PAGE_TOKEN and restart the worker. Or take the channel out of "
        "FRONTFOOT_PRIVATE_MESSAGES.",
    )


def message_of(
    channel: str, number: str, text: str, author: Author, written_at: datetime, url: str
) -> Mention:
    """A private message as a mention; a Page has one conversation with each author."""
    return Mention.model_validate(
        {
            "channel": channel,
            "id": number,
            "version": version_of(text),
            "kind": MentionKind.DIRECT,
            "conversation": author.id,
            "author": author,
            "text": text,
            "url": url,
            "written_at": written_at,
            "private": True,
        }
    )


def inbox_of(site_url: str, page_id: str) -> str:
    """Where the messages of a Page are answered."""
    return f"{site_url}/{page_id}/inbox"


def messages_told(
    events: object, page_id: str, site_url: str, moment: Clock, when: Any
) -> Iterator[Mention | Gone]:
    """What was said to the Page alone in one entry of a delivery, and what was taken back.

    ``when`` reads a time; ``moment`` is now.
    """
    found, _ = readable(events if isinstance(events, list) else [], _Event)
    for event in found:
        by, told = somebody(event.sender), event.message
        if told.is_echo or by.id == page_id:
            continue
        if told.is_deleted:
            yield Gone(channel="facebook", id=told.mid)
            continue
        written = when(event.timestamp) or moment()
        url = inbox_of(site_url, page_id)
        yield message_of("facebook", told.mid, told.text, Author(id=by.id), written, url)
