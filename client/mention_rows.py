"""One mention by its number, for all that is done with mentions."""

from __future__ import annotations

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
