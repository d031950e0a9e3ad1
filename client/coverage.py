"""How much of what people said has an end, by the ledger."""

from __future__ import annotations

from client.engine import Engine
from domain.coverage import Coverage
from domain.mentions import MentionState
from store.desk import reading


async def coverage_of(engine: Engine, incident: str) -> Coverage:
    """The coverage of one incident: of the mentions that belong to it."""
    counts = await reading.counts(await engine.ledger(), incident)
    return Coverage(
        open=counts[MentionState.OPEN],
        answered=counts[MentionState.ANSWERED],
        dismissed=counts[MentionState.DISMISSED],
    )
