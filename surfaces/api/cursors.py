"""Cursors: where the next part of a list begins. Opaque to whoever has one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from client.errors import WrongInput

Item = TypeVar("Item")
Place = tuple[Any, ...]
"""Where something is in its list: texts and numbers, in the order in which they are compared."""


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
        raise no_cursor()
    if not all(_could_be(one) for one in place):
        raise no_cursor()
    return place


def _could_be(part: str | int) -> bool:
    """Whether a database can look for it."""
    if isinstance(part, int):
        return 0 <= part < 2**63
    try:
        part.encode()
    except UnicodeEncodeError:
        # Half a surrogate.
        return False
    return "\0" not in part


def no_cursor() -> WrongInput:
    """What is said of a cursor that is none."""
    return WrongInput(
        "This is not a cursor of this list.", "Take `next` of the answer before, as it is."
    )


def page_of(
    items: Iterable[Item],
    place: Callable[[Item], Place],
    cursor: str,
    limit: int,
    *kinds: type[str] | type[int],
) -> tuple[Sequence[Item], str | None]:
    """The part of a whole list that comes after a cursor, and the cursor of what follows.

    The list is in the order of ``place``, whose values are of ``kinds``. Whoever is asked for again
    is found by comparing places: what a cursor was made of may not be in the list any more.
    """
    after = place_of(cursor, *kinds)
    ordered = sorted(items, key=place)
    rest = [one for one in ordered if after is None or place(one) > tuple(after)]
    found = rest[:limit]
    return found, cursor_of(*place(found[-1])) if len(rest) > limit else None
