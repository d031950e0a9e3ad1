"""The desk as its page shows it: what is new, how many are in each state, how each source is."""

from __future__ import annotations

from datetime import UTC, datetime

from client.engine import Engine
from client.mentions import list_sources
from client.source_state import SeenSource
from client.surges import SeenSurge, current_surges
from domain.mentions import MentionState
from domain.model import Value
from domain.times import UtcTime
from store.desk import reading
from store.desk.reading import Which

__all__ = [
    "MOST_NEW",
    "DeskNews",
    "Which",
    "desk_news",
    "newest_mention",
    "open_mentions",
]

MOST_NEW = 1_000
"""New mentions that are counted; whoever has so many has to look anyway."""


class DeskNews(Value):
    """What has changed on the desk since mention ``since`` was the newest.

    ``new``: how many there are since then, ``MOST_NEW`` at most.
    """

    since: int
    new: int
    counts: dict[MentionState, int]
    sources: tuple[SeenSource, ...]
    surges: tuple[SeenSurge, ...] = ()
    at: UtcTime


async def desk_news(engine: Engine, which: Which, since: int) -> DeskNews:
    """What there is on the desk now, and how many of these mentions came after ``since``."""
    ledger = await engine.ledger()
    return DeskNews(
        since=since,
        new=await reading.newer(ledger, which, since, MOST_NEW),
        counts=await reading.counts(ledger, which.incident),
        sources=tuple(await list_sources(engine)),
        surges=tuple(await current_surges(engine)),
        at=datetime.now(UTC),
    )


async def newest_mention(engine: Engine) -> int:
    """The number of the mention that came last; 0 before there is any."""
    return await reading.newest(await engine.ledger())


async def open_mentions(engine: Engine, incident: str = "") -> int:
    """How many mentions are open: of an incident, or of all."""
    return (await reading.counts(await engine.ledger(), incident))[MentionState.OPEN]
