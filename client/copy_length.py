"""How long copy is, as its channel counts, and how long it may be."""

from __future__ import annotations

import asyncio

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import Measures
from domain.message import Copy
from domain.model import Value


class CopyLength(Value):
    """``length`` of at most ``most`` of a ``unit``; None: there is no limit."""

    length: int
    most: int | None = None
    unit: str = "characters"


async def length_of(copy: Copy) -> CopyLength:
    """The length of a copy's text; in characters if its channel is not installed here."""
    return await asyncio.to_thread(_measured, copy)


def _measured(copy: Copy) -> CopyLength:
    try:
        channel, _ = registry.build_to_render(copy.channel)
    except ChannelMisconfigured:
        return CopyLength(length=len(copy.text))
    able = channel.capabilities
    length = channel.length_of(copy.text) if isinstance(channel, Measures) else len(copy.text)
    return CopyLength(length=length, most=able.max_length, unit=able.length_unit)
