"""Cursors: where the next part of a list begins. Opaque to whoever has one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from client.errors import WrongInput

Item = TypeVar("Item")


def cursor_of(*place: str | int) -> str:
    """The cursor of what comes after ``place``."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(cursor: str, *kinds: type[str] | type[int]) -> list[str | int] | None:
    """The place that a cursor names, one value of each kind; None for the beginning.

    ``WrongInput`` for what is no cursor.
    """
    if not cursor:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    if not isinstance(place, list) or [type(one) for one in place] != list(kinds):
        raise _no_cursor()
    if not all(_could_be(one) for one in place):
        raise _no_cursor()
    return place


def _could_be(part: str | int) -> bool:
    """Whether a database can look for it."""
    return "\0" not in part if isinstance(part, str) else 0 <= part < 2**63


def _no_cursor() -> WrongInput:
    return WrongInput(
        "This is not a cursor of this list.", "Take `next` of the answer before, as it is."
    )


def page_of(
    items: Sequence[Item], name: Callable[[Item], str], cursor: str, limit: int
) -> tuple[Sequence[Item], str | None]:
    """The part of a whole list that comes after a cursor, and the cursor of what follows."""
    after = place_of(cursor, str)
    begin = 0
    if after is not None:
        begin = next((at + 1 for at, one in enumerate(items) if name(one) == after[0]), len(items))
    found = items[begin : begin + limit]
    more = begin + limit < len(items)
    return found, cursor_of(name(found[-1])) if more and found else None
