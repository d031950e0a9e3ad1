"""Things that people say, for stories about the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.mentions import Author, Mention
from tests.store.world import NOON


def mention(number: int | str = 1, text: str = "why?", **more: Any) -> Mention:
    """One mention on X, written so many seconds after noon as its number says."""
    seconds = number if isinstance(number, int) else 0
    at: datetime = more.pop("at", NOON + timedelta(seconds=seconds))
    return Mention.model_validate(
        {
            "channel": "twitter",
            "id": str(number),
            "version": str(number),
            "author": Author(id="9", handle="ann", name="Ann"),
            "text": text,
            "written_at": at,
            "changed_at": at,
            **more,
        }
    )


def crowd(first: int, last: int) -> tuple[Mention, ...]:
    """Mentions from ``last`` down to ``first``, as a page shows them."""
    return tuple(mention(n) for n in range(last, first - 1, -1))
