"""Starting who listens to each source, and ending it where nobody is to listen any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime

from temporalio.client import Client

from client.rounds import LOOK_EVERY, end_rounds, start_rounds
from domain.ids import listening_workflow_id
from domain.listening import seconds_between, source_of
from store.desk import sources
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from workflows.contract.names import LISTENING_WORKFLOW
from workflows.contract.standing import Listen

_log = logging.getLogger("frontfoot.listening")


async def start_listening(temporal: Client, source: str, *, now: bool = False) -> bool:
    """Have a source be listened to, if it is not yet; false if Temporal does not answer.

    ``now``: at once, also if its provider has refused us, since that may have been put right.
    """
    channel, private = source_of(source)
    workflow_id, order = listening_workflow_id(source), Listen(channel=channel, private=private)
    return await start_rounds(temporal, LISTENING_WORKFLOW, workflow_id, order, now=now)


async def stop_listening(temporal: Client, source: str) -> bool:
    """Have a source not be listened to; false if nobody does, or Temporal does not answer."""
    return await end_rounds(temporal, listening_workflow_id(source))


async def keep_listening(
    temporal: Client, database: Database, names: Collection[str], every: int
) -> None:
    """See to it that the sources of these names are listened to, and no others; until cancelled.

    Each is in the ledger from the start, so that one which nobody reads is noticed.
    """
    try:
        for name in names:
            seconds = seconds_between(name, every)
            await sources.register(database, name, seconds, datetime.now(UTC))
        known = {one.channel for one in await sources.all_sources(database)}
    except StoreUnavailable:
        known = set()
    for name in sorted(known - set(names)):
        await stop_listening(temporal, name)
    now = True
    while True:
        for name in names:
            if not await start_listening(temporal, name, now=now):
                _log.warning("%s may not be listened to: Temporal does not answer", name)
        now = False
        await asyncio.sleep(LOOK_EVERY.total_seconds())
