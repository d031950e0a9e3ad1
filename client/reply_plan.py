"""The plan of answering: what is open on each channel, how long that takes and what it costs."""

from __future__ import annotations

import asyncio
import functools
from datetime import UTC, datetime

from channels import registry
from channels.configured import ChannelMisconfigured
from client.engine import Engine
from domain.replies import ReplyTerms
from domain.reply_plan import ARRIVALS, ChannelPlan, Ends, LimitUse, ReplyPlan, plan_channel
from domain.reply_plan_words import plan_sentences
from store.desk import reply_accounts, workload

__all__ = ["ChannelPlan", "Ends", "LimitUse", "ReplyPlan", "plan_replies", "plan_sentences"]


async def plan_replies(engine: Engine, incident: str = "") -> ReplyPlan:
    """The plan of each channel on which something is open: of an incident, or of all."""
    ledger, now = await engine.ledger(), datetime.now(UTC)
    unanswered = await workload.open_by_channel(ledger, incident)
    arrived = await workload.arrived_since(ledger, now - ARRIVALS, incident)
    plans = []
    for channel, count in sorted(unanswered.items()):
        terms = await asyncio.to_thread(_terms_of, channel)
        used = [
            await reply_accounts.used(ledger, channel, one.window, now)
            for one in (terms.limits if terms is not None else ())
        ]
        plan = plan_channel(
            channel,
            terms,
            unanswered=count,
            arriving_an_hour=arrived.get(channel, 0),
            used=tuple(used),
            at=now,
        )
        plans.append(plan)
    return ReplyPlan(at=now, channels=tuple(plans))


@functools.cache
def _terms_of(channel: str) -> ReplyTerms | None:
    """What a channel's provider lets us reply; building it takes long, and it stays the same."""
    try:
        capabilities = registry.build_to_render(channel)[0].capabilities
    except ChannelMisconfigured:
        return None
    return capabilities.replies
