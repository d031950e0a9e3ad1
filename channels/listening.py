"""Channels that listen: reading page by page what people say to us.

Where such a reading is, and what a page of it holds, is in ``domain.listening``.

Strangers write what is read here. JSON with half a character in it must not cost the page that it
came on, and one item that cannot be read must not cost the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from pydantic import AwareDatetime, BaseModel, BeforeValidator, TypeAdapter, ValidationError

from channels.contract import Refused
from domain.listening import Cursor, MentionPage
from domain.mentions import Gone, Mention, storable

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


@runtime_checkable
class ReadsPrivateMessages(Protocol):
    """A channel that can read what is said to its account alone, in a list of its own.

    That takes a permission which the rest does not, so it is asked for only where it is wanted.
    """

    async def private_messages(self, cursor: Cursor) -> MentionPage:
        """Read one page like ``Listens.mentions``; each mention in it is ``private``."""
        ...


class ChallengeAnswer(NamedTuple):
    """What a provider wants to hear before it delivers anything."""

    body: bytes
    media_type: str


@runtime_checkable
class ReadsMentions(Protocol):
    """Reads what a provider tells at once of what people say; has no credential that could send.

    It is not the channel itself: it lives in the process that the internet can reach. Whatever it
    misses is read later on by the channel.
    """

    def read_mentions(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Mention | Gone]:
        """What was said to us, and what was deleted, in one signed delivery.

        ``body`` is as it came, byte for byte; ``headers`` are found by lower-case names. Raises
        ``EventsNotGenuine`` before anything is parsed, or ``EventsUnreadable``.
        """
        ...

    def answer_challenge(self, query: Mapping[str, str]) -> ChallengeAnswer | None:
        """The answer to a question by which the provider knows us; None if it is no such question.

        Raises ``EventsNotGenuine`` for one that is not the provider's.
        """
        ...


class ArrivingMentions(Protocol):
    """One delivery whose body is still coming in."""

    def add(self, piece: bytes) -> None:
        """The next piece of the body, which need not be kept."""
        ...

    def verify(self) -> None:
        """Raise ``EventsNotGenuine`` if the pieces are not the body that was signed."""
        ...

    def read(self) -> Sequence[Mention | Gone]:
        """What was said to us in it. Raises ``EventsUnreadable``."""
        ...


@runtime_checkable
class ReadsOnArrival(Protocol):
    """A reader of deliveries that may be large: up to ``largest`` bytes, read as they come."""

    largest: int

    def expect_mentions(self, headers: Mapping[str, str]) -> ArrivingMentions:
        """Begin with a delivery. Raises ``EventsNotGenuine`` if no body could be genuine."""
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
