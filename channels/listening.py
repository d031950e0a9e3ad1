"""Channels that listen: reading page by page what people say to us.

Where such a reading is, and what a page of it holds, is in ``domain.listening``.

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
from domain.listening import Cursor, MentionPage
from domain.mentions import storable

Shape = TypeVar("Shape", bound=BaseModel)


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
