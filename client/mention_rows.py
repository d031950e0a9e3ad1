"""Mentions by their numbers, for all that is done with mentions."""

from __future__ import annotations

from collections.abc import Collection

from client.engine import Engine
from client.errors import UnknownMention
from store.desk import reading
from store.desk.reading import MentionRow


async def row_of(engine: Engine, number: int) -> MentionRow:
    """The mention of this number; ``UnknownMention`` if there is none."""
    found = await reading.find(await engine.ledger(), number)
    if found is None:
        raise UnknownMention(number)
    return found


async def rows_of(engine: Engine, numbers: Collection[int]) -> list[MentionRow]:
    """The mentions of these numbers; ``UnknownMention`` for the first that is not there."""
    found = await reading.find_all(await engine.ledger(), numbers)
    for number in numbers:
        if number not in found:
            raise UnknownMention(number)
    return list(found.values())
