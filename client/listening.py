"""Starting who listens to each channel, and ending it where nobody is to listen any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime

from temporalio.client import Client

from client.rounds import LOOK_EVERY, end_rounds, start_rounds
from domain.ids import listening_workflow_id
from store.desk import sources
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from workflows.contract import LISTENING_WORKFLOW, Listen

_log = logging.getLogger("frontfoot.listening")


async def start_listening(temporal: Client, channel: str, *, now: bool = False) -> bool:
    """Have a channel be listened to, if it is not yet; false if Temporal does not answer.

    ``now``: at once, also if its provider has refused us, since that may have been put right.
    """
    workflow_id, order = listening_workflow_id(channel), Listen(channel=channel)
    return await start_rounds(temporal, LISTENING_WORKFLOW, workflow_id, order, now=now)


async def stop_listening(temporal: Client, channel: str) -> bool:
    """Have a channel not be listened to; false if nobody does, or Temporal does not answer."""
    return await end_rounds(temporal, listening_workflow_id(channel))


async def keep_listening(
    temporal: Client, database: Database, channels: Collection[str], every: int
) -> None:
    """See to it that these channels are listened to, and no others; until cancelled.

    Each is in the ledger from the start, so that one which nobody reads is noticed.
    """
    try:
        for channel in channels:
            await sources.register(database, channel, every, datetime.now(UTC))
        known = {one.channel for one in await sources.all_sources(database)}
    except StoreUnavailable:
        known = set()
    for channel in sorted(known - set(channels)):
        await stop_listening(temporal, channel)
    now = True
    while True:
        for channel in channels:
            if not await start_listening(temporal, channel, now=now):
                _log.warning("%s may not be listened to: Temporal does not answer", channel)
        now = False
        await asyncio.sleep(LOOK_EVERY.total_seconds())
