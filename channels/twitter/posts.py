"""Posts and users as X shows them to whoever listens, in a list or in a webhook.

Whatever strangers wrote may be in them; of all their fields, only a post's id must be there.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

from pydantic import AliasChoices, BaseModel, Field

from channels.listening import AnyCount, AnyText, AnyTime, Shape, readable
from domain.mentions import Author, Mention

_ID = re.compile(r"[0-9]{1,19}")
EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
"""X's ids have the time in them, in milliseconds since then."""


class _Link(BaseModel):
    url: AnyText = ""
    expanded_url: AnyText = ""


class _Entities(BaseModel):
    urls: list[_Link] = []


class _Note(BaseModel):
    text: AnyText = ""


class _Reference(BaseModel):
    type: AnyText = ""
    id: AnyText = ""


class Post(BaseModel):
    """A post; of all its fields, only the id must be there."""

    id: str = Field(pattern=r"^[0-9]{1,19}$")
    text: AnyText = ""
    author_id: AnyText = ""
    conversation_id: AnyText = ""
    created_at: AnyTime = None
    lang: AnyText = ""
    entities: object = None
    note: object = Field(default=None, validation_alias=AliasChoices("note_tweet", "note_post"))
    history: object = Field(
        default=None,
        validation_alias=AliasChoices("edit_history_tweet_ids", "edit_history_post_ids"),
    )
    references: object = Field(
        default=None, validation_alias=AliasChoices("referenced_tweets", "referenced_posts")
    )

    @property
    def number(self) -> int:
        return int(self.id)

    def words(self) -> str:
        """What was written: all of a long post, with links put back and escapes undone."""
        notes = each([self.note], _Note)
        return written_out((notes[0].text if notes else "") or self.text, self.entities)

    def first(self) -> str:
        """The id of its first version."""
        ids = self.history if isinstance(self.history, list) else []
        return str(ids[0]) if ids else self.id

    def answers(self) -> str:
        references = each(self.references, _Reference)
        return next((one.id for one in references if one.type == "replied_to"), "")

    def mention(self, channel: str, site_url: str, by: User | None) -> Mention:
        """What it says to us, as a mention on ``channel``."""
        first, handle = self.first(), by.username if by else ""
        changed = self.created_at or time_of(self.number)
        written = time_of(int(first)) if _ID.fullmatch(first) else changed
        return Mention.model_validate(
            {
                "channel": channel,
                "id": first,
                "version": self.id,
                "conversation": self.conversation_id,
                "author": by.author() if by else Author(id=self.author_id),
                "text": self.words(),
                "language": self.lang,
                "reply_to": self.answers(),
                "url": f"{site_url}/{handle or 'i'}/status/{self.id}",
                "written_at": min(written, changed),
                "changed_at": changed,
            }
        )


class _Metrics(BaseModel):
    followers_count: AnyCount = None


class User(BaseModel):
    id: AnyText = ""
    name: AnyText = ""
    username: AnyText = ""
    public_metrics: object = None

    def author(self) -> Author:
        """Whoever this is, as the author of a mention."""
        metrics = each([self.public_metrics], _Metrics)
        followers = metrics[0].followers_count if metrics else None
        return Author(id=self.id, handle=self.username, name=self.name, followers=followers)


def written_out(text: str, entities: object) -> str:
    """A text as it was written: with links put back and escapes undone."""
    found = each([entities], _Entities)
    for link in found[0].urls if found else ():
        if link.url:
            text = text.replace(link.url, link.expanded_url or link.url)
    return html.unescape(text)


def each(items: object, shape: type[Shape]) -> list[Shape]:
    return readable(items if isinstance(items, list) else [], shape)[0]


def time_of(number: int) -> datetime:
    """When the post with this id was written."""
    return EPOCH + timedelta(milliseconds=number >> 22)
