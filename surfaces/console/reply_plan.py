"""The plan of answering as the desk shows it: the same for everybody, counted every few seconds."""

from __future__ import annotations

import time
from typing import NamedTuple

from fastapi import Request

from client.reply_plan import ChannelPlan, plan_replies, plan_sentences
from surfaces.console.access import engine_of

KEPT_FOR = 10.0
"""Seconds. It counts every open mention, and many people may look at once."""

_MOST_KEPT = 16


class ShownPlan(NamedTuple):
    """A channel's plan, and what it says in sentences, the most important first."""

    plan: ChannelPlan
    said: list[str]


async def shown_plans(request: Request, incident: str) -> list[ShownPlan]:
    """The plan of each channel on which something is open: of an incident, or of all."""
    kept: dict[str, tuple[float, list[ShownPlan]]] = request.app.state.plans
    at, shown = kept.get(incident, (0.0, []))
    if incident in kept and time.monotonic() - at < KEPT_FOR:
        return shown
    found = await plan_replies(engine_of(request), incident)
    shown = [ShownPlan(one, plan_sentences(one, found.at)) for one in found.channels]
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[incident] = (time.monotonic(), shown)
    return shown
