"""Starting who sends the replies of each channel, and telling them that there are some."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

from temporalio.client import Client

from client.engine import Engine
from client.rounds import LOOK_EVERY, start_rounds
from domain.ids import reply_desk_workflow_id
from store.desk.reply_rows import ReplyRow
from wiring import TemporalUnreachable
from workflows.contract.names import REPLY_DESK_WORKFLOW
from workflows.contract.standing import AnswerMentions

_log = logging.getLogger("frontfoot.replying")


async def start_replying(temporal: Client, channel: str, *, now: bool = True) -> bool:
    """Have the replies on a channel be sent; false if Temporal does not answer.

    ``now``: what is due at once, also if the provider has refused us, which may have been put
    right.
    """
    workflow_id, order = reply_desk_workflow_id(channel), AnswerMentions(channel=channel)
    return await start_rounds(temporal, REPLY_DESK_WORKFLOW, workflow_id, order, now=now)


async def send_soon(engine: Engine, replies: Sequence[ReplyRow]) -> None:
    """Have them sent at once; if Temporal does not answer, that happens within a minute."""
    try:
        temporal = await engine.temporal()
    except TemporalUnreachable:
        return
    for channel in sorted({one.channel for one in replies if not one.waits}):
        await start_replying(temporal, channel)


async def keep_replying(temporal: Client, channels: Collection[str]) -> None:
    """See to it that the replies on these channels are sent; until cancelled.

    One that is not configured any more has nobody on its queue, and sends nothing.
    """
    now = True
    while True:
        for channel in channels:
            if not await start_replying(temporal, channel, now=now):
                _log.warning("replies on %s may wait: Temporal does not answer", channel)
        now = False
        await asyncio.sleep(LOOK_EVERY.total_seconds())
