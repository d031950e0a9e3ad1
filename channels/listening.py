"""Channels that listen: reading page by page what people say to us.

A *chain* is the pages from the newest mention back to the last one that is known. It may be long,
and the process that reads it may die in the middle, so where it is is data: a ``Cursor`` that is
stored with the mentions of each page. Only when the chain is complete does what it reached become
the place from which the next one begins.

Strangers write what is read here. JSON with half a character in it must not cost the page that it
came on, and one item that cannot be read must not cost the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar, runtime_checkable

from pydantic import AwareDatetime, BaseModel, BeforeValidator, TypeAdapter, ValidationError

from channels.contract import Refused
from domain.mentions import Gap, Mention, storable
from domain.model import Value

Shape = TypeVar("Shape", bound=BaseModel)


class Cursor(Value):
    """Where a chain of pages is; the words in it are the adapter's own.

    ``since``: what was known when it began; empty before anything was read. ``token``: the page to
    ask for, empty for the newest. ``newest``: what becomes ``since`` once the chain is complete.
    """

    since: str = ""
    token: str = ""
    newest: str = ""

    def next_page(self, token: str, newest: str) -> Cursor:
        """The chain goes on at ``token``."""
        return Cursor(since=self.since, token=token, newest=newest)

    def again(self) -> Cursor:
        """The same chain from its beginning."""
        return Cursor(since=self.since, newest=self.newest)


def complete(newest: str) -> Cursor:
    """The cursor after the last page of a chain."""
    return Cursor(since=newest, newest=newest)


class MentionPage(Value):
    """One page of mentions, the newest first, and where the source is after it.

    ``cursor`` without a ``token`` says that the chain is complete. ``more``: a source that is read
    forwards has more at once, though each of its pages is a chain of its own. ``gap``: what the
    platform does not show any more. ``unreadable`` counts items without so much as an id.
    ``lacks`` says, in a sentence, what our account may not read.
    """

    mentions: tuple[Mention, ...] = ()
    cursor: Cursor
    more: bool = False
    gap: Gap | None = None
    unreadable: int = 0
    lacks: str = ""


class PlaceLost(Refused):
    """The provider no longer knows the page that was asked for: the chain is read again."""


@runtime_checkable
class Listens(Protocol):
    """A channel that can read what people say to us; its capabilities say so, too."""

    async def mentions(self, cursor: Cursor) -> MentionPage:
        """Read one page in one look; what we ourselves said is left out.

        Reading a page again gives the same mentions or more. Raises ``Unreachable``,
        ``Throttled``, ``BadCredentials`` or ``Refused``, and ``PlaceLost`` for a ``token`` that
        works no longer.
        """
        ...


def _text_or_empty(value: object) -> str:
    return storable(value)


def _time_or_none(value: object) -> datetime | None:
    try:
        return _MOMENT.validate_python(value)
    except ValidationError:
        return None


def _count_or_none(value: object) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53
    return int(value) if known and isinstance(value, int) else None


_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)

AnyText = Annotated[str, BeforeValidator(_text_or_empty)]
"""Text that may be missing or no text at all, and is empty then."""

AnyTime = Annotated[datetime | None, BeforeValidator(_time_or_none)]
AnyCount = Annotated[int | None, BeforeValidator(_count_or_none)]


def loose_json(content: bytes) -> Any:
    """A provider's JSON, whatever strangers wrote into it; ``ValueError`` if it is none.

    The fast readers refuse a document for half a character in one of its texts.
    """
    try:
        return json.loads(content.decode("utf-8", "replace"), strict=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def readable(items: object, shape: type[Shape]) -> tuple[list[Shape], int]:
    """The items that can be read, and how many cannot; ``ValueError`` if it is no list."""
    if not isinstance(items, Iterable) or isinstance(items, str | bytes | dict):
        raise ValueError("not a list")
    read: list[Shape] = []
    unreadable = 0
    for one in items:
        try:
            read.append(shape.model_validate(one))
        except ValidationError:
            unreadable += 1
    return read, unreadable
