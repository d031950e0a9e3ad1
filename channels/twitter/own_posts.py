"""What X answers about our own account: its posts, its number, a deletion."""

from __future__ import annotations

import html

from pydantic import AwareDatetime, BaseModel, Field

from channels.http import Effect, silence
from channels.twitter.refusals import PROVIDER


class _Link(BaseModel):
    url: str
    expanded_url: str | None = None


class _Entities(BaseModel):
    urls: list[_Link] = []


class OwnPost(BaseModel):
    """A post of ours."""

    id: str = Field(pattern=r"^[0-9]{1,19}$")
    text: str = ""
    created_at: AwareDatetime | None = None
    entities: _Entities | None = None

    def readings(self) -> tuple[str, ...]:
        """The text with our links put back; X escapes ``&<>`` in it, at least in places."""
        text = self.text
        for link in self.entities.urls if self.entities else ():
            text = text.replace(link.url, link.expanded_url or link.url)
        return text, html.unescape(text)


class Posted(BaseModel):
    """A post that was made."""

    data: OwnPost


class _Meta(BaseModel):
    next_token: str | None = None
    result_count: int | None = None


class Timeline(BaseModel):
    """A page. X leaves ``data`` out of an empty one, which ``result_count`` then says it is."""

    data: list[OwnPost] | None = None
    meta: _Meta = _Meta()
    errors: list[object] = []

    def posts(self) -> list[OwnPost]:
        """The posts; an answer that neither shows nor counts any is not a page of none."""
        if self.data is None and self.meta.result_count != 0 and not self.errors:
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read")
        return self.data or []


class Account(BaseModel):
    """Who we are."""

    id: str
    username: str = ""


class Me(BaseModel):
    """The account of our keys."""

    data: Account


class _Deleted(BaseModel):
    deleted: bool = False


class Deletion(BaseModel):
    """What became of a deletion."""

    data: _Deleted = _Deleted()
