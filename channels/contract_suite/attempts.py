"""One attempt of the contract suite: the words, the addressee, and what comes of looking for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from channels.batch import Addressee, Addressees, Batch
from channels.contract import (
    Channel,
    ChannelKind,
    DirectChannel,
    PostChannel,
    Publication,
    Template,
)
from channels.contract_suite.stand_in import StandIn
from domain.message import Copy, Voice
from domain.publication import Finding, Receipt, Sighting

MARK = "Update 7, 20 Nov 14:05 UTC"
WORDS = "We shut the leak and are rotating every key"
OTHER_WORDS = "All clear: the site is up again"
ADDRESS = "somebody@customers.example"
OTHER_ADDRESS = "anybody@customers.example"
BROADCAST = "0123456789abcdef"
KEY = f"{BROADCAST}.1.1"
VOICE = Voice(name="Joel", address="joel@acme.example", reply_to="help@acme.example")


def rendered(channel: Channel, words: str = WORDS, mark: str = MARK) -> Copy:
    """The copy that the suite publishes."""
    return channel.render(Template(text=words, subject=words, mark=mark, voice=VOICE))


async def attempt(
    channel: Channel,
    *,
    words: str = WORDS,
    key: str = KEY,
    address: str = ADDRESS,
    mark: str = MARK,
) -> Receipt:
    """Publish, or send to one addressee, as the channel's kind has it."""
    copy = rendered(channel, words, mark)
    if channel.capabilities.kind is ChannelKind.DIRECT:
        assert isinstance(channel, DirectChannel)
        people = (Addressee(f"{BROADCAST}.1", address),)
        return await channel.send(Batch(key, BROADCAST, copy, Addressees.of(people)))
    assert isinstance(channel, PostChannel)
    return await channel.publish(Publication(key, copy))


async def look(provider: StandIn, since: datetime) -> Sighting:
    """Look for the suite's publication with a new channel, as after a restart."""
    channel = provider.channel()
    try:
        return await channel.find(KEY, rendered(channel), since)
    finally:
        await channel.close()


def assert_found(sighting: Sighting, channel: Channel, expected: Finding) -> None:
    """A channel that cannot read back says so; any other must be right."""
    can_tell = channel.capabilities.reads_back
    assert sighting.finding is (expected if can_tell else Finding.CANNOT_TELL), sighting.why
    assert (sighting.receipt is not None) == (sighting.finding is Finding.FOUND)


async def eventually(accepted: Callable[[], Awaitable[list[str]]], seconds: float = 5.0) -> None:
    """Wait until something was accepted; with a late answer, acceptance comes first."""
    async with asyncio.timeout(seconds):
        while not await accepted():
            await asyncio.sleep(0.02)
