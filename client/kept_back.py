"""Telling incidents what they have not heard of: stops, quarantines, and the end of either."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from client.engine import Engine
from client.quarantine import tell_open
from client.stopping import tell_stops
from store.kernel.errors import StoreUnavailable
from store.stops import quarantines, stops

TOLD_AGAIN = timedelta(seconds=5)
"""How often the workers look for incidents that have not heard."""

_log = logging.getLogger("frontfoot.stops")


async def keep_telling(engine: Engine) -> None:
    """Tell incidents what they have not heard of; until cancelled."""
    while True:
        try:
            await _tell_all(engine)
        except StoreUnavailable:
            _log.warning("the ledger was not asked for stops: it cannot be reached")
        await asyncio.sleep(TOLD_AGAIN.total_seconds())


async def _tell_all(engine: Engine) -> None:
    ledger = await engine.ledger()
    for slug in await stops.untold(ledger):
        await tell_stops(engine, slug)
    for known in await quarantines.untold(ledger):
        await tell_open(engine, ledger, known)
