"""Reads the private messages of an account on X, by list and by webhook.

Source: docs.x.com, x-api/direct-messages/lookup and x-api/activity. What X forces on us:

- The list is of all conversations, the newest first, and knows no ``since_id``: a chain ends where
  it reaches what is known. It goes back 30 days; what is older is told as a gap.
- An account may ask 15 times in 15 minutes.
- Keys that may read and write posts may not read messages: that is a permission of its own. Without
  it every request is a 403.
- What is said in an encrypted chat is in no list and can be read by nobody but the two devices.
- The documented shape of a delivery's payload is that of the list; others have received the one of
  the older Account Activity API. Both are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from pydantic import BaseModel, Field

from channels.contract import BadCredentials, Refused
from channels.http import Clock, Effect, silence, unix_time
from channels.listening import AnyText, AnyTime, PlaceLost, loose_json, readable
from channels.twitter.listening import OVERLAP, Ask, OwnAccount
from channels.twitter.posts import EPOCH, User, each, time_of, written_out
from channels.twitter.refusals import PROVIDER
from domain.listening import Cursor, Gap, MentionPage, complete
from domain.mentions import Author, Mention, MentionKind

REACH = timedelta(days=30)
FIRST_REACH = timedelta(days=7)
"""How far back the very first reading goes: as far as that of public mentions does."""

MESSAGES = "/2/dm_events"
RECEIVED = "dm.received"
_MARGIN = timedelta(minutes=5)
_FIELDS = {
    "tweet.fields": "id,text,event_type,created_at,dm_conversation_id,entities,sender_id",
    # Here the newest description knows the sender as an expansion alone.
    "post.fields": "id,text,event_type,created_at,dm_conversation_id,entities",
}
_QUERY = {
    "max_results": "100",
    "event_types": "MessageCreate",
    "expansions": "sender_id",
    "user.fields": "name,username,public_metrics",
}


class DirectMessage(BaseModel):
    """A message as lists show it; of all its fields, only the id must be there."""

    id: str = Field(pattern=r"^[0-9]{1,19}$")
    text: AnyText = ""
    sender_id: AnyText = ""
    dm_conversation_id: AnyText = ""
    created_at: AnyTime = None
    entities: object = None

    @property
    def number(self) -> int:
        return int(self.id)

    def mention(self, channel: str, site_url: str, by: User | None) -> Mention:
        """What it says to us, as a mention on ``channel``; its url is where it is answered."""
        written = self.created_at or time_of(self.number)
        conversation = self.dm_conversation_id
        return Mention.model_validate(
            {
                "channel": channel,
                # Posts have ids from the same clock, and a message must never pass for one.
                "id": f"dm-{self.id}",
                "kind": MentionKind.DIRECT,
                "conversation": conversation,
                "author": by.author() if by else Author(id=self.sender_id),
                "text": written_out(self.text, self.entities),
                "url": f"{site_url}/messages/{conversation}".rstrip("/"),
                "written_at": written,
                "private": True,
            }
        )


class _Data(BaseModel):
    text: AnyText = ""


class _Target(BaseModel):
    recipient_id: AnyText = ""


class _Created(BaseModel):
    sender_id: AnyText = ""
    target: _Target = _Target()
    message_data: _Data = _Data()


class _OlderEvent(BaseModel):
    """A message as the Account Activity API had it."""

    id: str = Field(pattern=r"^[0-9]{1,19}$")
    created_timestamp: AnyText = ""
    message_create: _Created

    def message(self) -> DirectMessage:
        created = self.message_create
        ids = sorted((created.sender_id, created.target.recipient_id), key=_as_number)
        milliseconds = self.created_timestamp
        seconds = milliseconds[:-3] if milliseconds.isdigit() else None
        return DirectMessage(
            id=self.id,
            text=created.message_data.text,
            sender_id=created.sender_id,
            dm_conversation_id="-".join(ids) if all(ids) else "",
            created_at=unix_time(seconds),
        )


class _OlderUser(BaseModel):
    name: AnyText = ""
    screen_name: AnyText = ""


class PrivateMessages:
    """Reads what is said to one account alone, page by page; ``channel`` is the channel's name."""

    def __init__(self, channel: str, ask: Ask, fields: str, site_url: str, clock: Clock) -> None:
        self._channel = channel
        self._ask = ask
        self._query = {**_QUERY, "dm_event.fields": _FIELDS[fields]}
        self._site_url = site_url
        self._clock = clock

    async def page(self, cursor: Cursor, own: OwnAccount) -> MentionPage:
        """One page; raises like ``Listens.mentions``."""
        more = {"pagination_token": cursor.token} if cursor.token else {}
        body = await self._shown({**self._query, **more}, cursor)
        messages, users, unreadable = self._read(body)
        token = _token(body)
        begin = self._begin(cursor)
        newest = str(max([int(cursor.newest or cursor.since or 0), *(m.number for m in messages)]))
        newest = "" if newest == "0" else newest
        reached = any(one.number <= begin for one in messages)
        after = complete(newest) if reached or not token else cursor.next_page(token, newest)
        return MentionPage(
            mentions=tuple(
                one.mention(self._channel, self._site_url, users.get(one.sender_id))
                for one in messages
                if one.number > begin and one.sender_id != own.id
            ),
            cursor=after,
            gap=None if reached or token else self._gap(cursor),
            unreadable=unreadable,
        )

    async def _shown(self, query: dict[str, str], cursor: Cursor) -> Mapping[str, object]:
        try:
            answer = await self._ask(MESSAGES, query)
        except BadCredentials:
            raise
        except Refused as error:
            if not cursor.token:
                raise
            raise PlaceLost("X: it no longer knows the page to go on from.") from error
        try:
            body = loose_json(answer.content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read")
        return body

    def _read(self, body: Mapping[str, object]) -> tuple[list[DirectMessage], dict[str, User], int]:
        meta, items = body.get("meta"), body.get("data")
        if items is None and isinstance(meta, dict) and meta.get("result_count") == 0:
            items = []
        try:
            messages, unreadable = readable(items, DirectMessage)
        except ValueError:
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read") from None
        includes = body.get("includes")
        users = includes.get("users") if isinstance(includes, dict) else None
        return messages, {one.id: one for one in each(users, User)}, unreadable

    def _begin(self, cursor: Cursor) -> int:
        """The number after which a message is new, or may have been shown late."""
        known = time_of(int(cursor.since)) if cursor.since else self._clock() - FIRST_REACH
        return max(0, int((known - OVERLAP - EPOCH) / timedelta(milliseconds=1)) << 22)

    def _gap(self, cursor: Cursor) -> Gap | None:
        """What the list does not reach any more, where something was known before."""
        if not cursor.since:
            return None
        since, floor = time_of(int(cursor.since)), self._clock() - REACH + _MARGIN
        return Gap(since=since, until=floor) if since < floor else None


def may_not_read() -> Refused:
    """What it means that keys which are right are refused the account's messages."""
    return Refused(
        "X: these keys may not read the account's private messages (403).",
        "Give the app the permission to read, write and use Direct Messages in the developer "
        "portal, make new access tokens after that, and restart the worker. Or take the channel "
        "out of FRONTFOOT_PRIVATE_MESSAGES.",
    )


def messages_told(
    payload: object, users: Mapping[str, User]
) -> Iterator[tuple[DirectMessage, User | None]]:
    """The messages in a delivery's payload, in either shape, and who wrote each, if it tells."""
    if isinstance(payload, dict) and "direct_message_events" in payload:
        known = payload.get("users")
        for event in each(payload["direct_message_events"], _OlderEvent):
            message = event.message()
            described = known.get(message.sender_id) if isinstance(known, dict) else None
            yield message, _older_user(message.sender_id, described)
        return
    for message in each([payload], DirectMessage):
        yield message, users.get(message.sender_id)


def _older_user(number: str, described: object) -> User | None:
    found = each([described], _OlderUser) if isinstance(described, dict) else []
    return User(id=number, name=found[0].name, username=found[0].screen_name) if found else None


def _token(body: Mapping[str, object]) -> str:
    meta = body.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) else ""


def _as_number(text: str) -> int:
    return int(text) if text.isdigit() else 0
