"""Whether the ledger here is the one in which an incident is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from client.engine import Engine
from client.errors import OtherLedger
from store.record import incidents, timeline
from store.recovery import locks

APPEARS_WITHIN = timedelta(seconds=4)
"""How long an incident that was just opened may take to enter itself in its ledger."""

_EVERY = 0.1


async def refuse_other_ledger(engine: Engine, slug: str) -> None:
    """Raise ``OtherLedger`` if Temporal has ``slug`` and the ledger here does not.

    To be called once Temporal is known to have it. Raises ``NoLedger``, too.
    """
    ledger = await engine.ledger()
    deadline = asyncio.get_running_loop().time() + APPEARS_WITHIN.total_seconds()
    while True:
        known = {row.slug for row in await incidents.list_incidents(ledger)}
        if slug in known or await timeline.read(ledger, slug):
            return
        if await locks.lock_of(ledger, slug) is not None:
            # It is its ledger, and has forgotten all of it.
            return
        if asyncio.get_running_loop().time() > deadline:
            raise OtherLedger(slug, engine.where())
        await asyncio.sleep(_EVERY)
