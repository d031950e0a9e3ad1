"""Reads SendGrid's suppression lists: who bounced, complained, is no address, or unsubscribed.

Last verified against the live API: never yet. Written from the OpenAPI description of January 2026
(Suppressions): pages by ``limit`` (500 at most) and ``offset``, newest first.

``blocks`` is not read: those addresses refused one mail, and SendGrid goes on writing to them.
There are two endpoints for global unsubscribes, and only ``/v3/suppression/unsubscribes`` lists
them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from channels.http import Clock, Effect, silence
from domain.model import Value
from domain.suppression import ListedAddress, SuppressionReason

PAGE = 500
LISTS = {
    "bounces": SuppressionReason.BOUNCED,
    "invalid_emails": SuppressionReason.INVALID,
    "spam_reports": SuppressionReason.COMPLAINED,
    "unsubscribes": SuppressionReason.UNSUBSCRIBED,
}

Shape = TypeVar("Shape")
Ask = Callable[[str, dict[str, str]], Awaitable[httpx.Response]]
"""GETs a path with a query; raises a ``ChannelError``."""


class _Entry(Value):
    email: str
    created: int


_PAGE = TypeAdapter(list[_Entry])
_MEMBERS = TypeAdapter(list[str])


async def read_lists(ask: Ask, group: int | None, clock: Clock) -> AsyncIterator[ListedAddress]:
    """Every entry of the four lists, and of the unsubscribe ``group`` of our mail if it has one.

    An address added meanwhile shifts the pages, so an entry may come twice.
    """
    for name, reason in LISTS.items():
        offset = 0
        while True:
            query = {"limit": str(PAGE), "offset": str(offset)}
            page = _read(_PAGE, await ask(f"/v3/suppression/{name}", query))
            for entry in page:
                yield ListedAddress(entry.email, reason, _moment(entry.created))
            if len(page) < PAGE:
                break
            offset += PAGE
    if group is not None:
        # It comes in one piece and without times.
        answer = await ask(f"/v3/asm/groups/{group}/suppressions", {})
        for address in _read(_MEMBERS, answer):
            yield ListedAddress(address, SuppressionReason.UNSUBSCRIBED, clock())


def _read(shape: TypeAdapter[Shape], answer: httpx.Response) -> Shape:
    try:
        return shape.validate_json(answer.content)
    except ValidationError:
        raise silence(Effect.REPEATABLE, "SendGrid", "the answer could not be read") from None


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise silence(Effect.REPEATABLE, "SendGrid", "the answer could not be read") from None
