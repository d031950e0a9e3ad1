"""One attempt of the contract suite: the words, the addressee, and what comes of looking for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from channels.batch import Addressee, Addressees, Batch
from channels.contract import (
    Channel,
    ChannelKind,
    DirectChannel,
    PostChannel,
    Publication,
    Template,
)
from channels.contract_suite.stand_in import LookFault, Misbehaviour, NotPlayed, StandIn
from domain.message import Copy, Voice
from domain.publication import Finding, Receipt, Sighting

MARK = "Update 7, 20 Nov 14:05 UTC"
WORDS = "We shut the leak and are rotating every key"
SPECIAL_WORDS = (
    "Caf\u00e9 & \u201cbar\u201d \u2013 50 % <b>off</b>? \u969c\u5bb3 \U0001f6a8 it's \\n #1, a+b=c"
)
"""What a form, a page or a narrow encoding changes on the way, if nobody takes care."""
OTHER_WORDS = "All clear: the site is up again"
LINK = "https://status.acme.example/incidents/2026-11-20-leak"
ADDRESS = "somebody@customers.example"
OTHER_ADDRESS = "anybody@customers.example"
BROADCAST = "0123456789abcdef"
KEY = f"{BROADCAST}.1.1"
VOICE = Voice(
    name="Joel", address="joel@acme.example", reply_to="help@acme.example", sign_off="Joel, Acme"
)


def rendered(channel: Channel, words: str = WORDS, mark: str = MARK) -> Copy:
    """The copy that the suite publishes."""
    template = Template(text=words, subject=words, link=LINK, mark=mark, voice=VOICE)
    return channel.render(template)


def batch_of(*people: Addressee, copy: Copy, key: str = KEY) -> Batch:
    """A batch to ``people``."""
    return Batch(key, BROADCAST, copy, Addressees.of(people))


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
        return await channel.send(
            batch_of(Addressee(key.rpartition(".")[0], address), copy=copy, key=key)
        )
    assert isinstance(channel, PostChannel)
    return await channel.publish(Publication(key, copy))


async def look(provider: StandIn, since: datetime) -> Sighting:
    """Look for the suite's publication with a new channel, as after a restart."""
    channel = provider.channel()
    try:
        return await channel.find(KEY, rendered(channel), since)
    finally:
        await channel.close()


async def tell(provider: StandIn, how: Misbehaviour | LookFault) -> None:
    """Let the provider misbehave, or skip the test for the reason that it gives."""
    try:
        if isinstance(how, LookFault):
            await provider.misbehave_at_looks(how)
        else:
            await provider.misbehave(how)
    except NotPlayed as reason:
        pytest.skip(str(reason))


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


LONGEST_PAUSE = 0.25
"""Seconds for which a call may keep everybody else in its process waiting."""

TRIES = 5
"""Calls of which one has to be short: on a busy machine anything pauses now and then."""


async def longest_pause(call: Awaitable[object]) -> float:
    """The seconds for which nothing else could run while ``call`` ran, whatever came of it."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun)

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        await asyncio.gather(call, return_exceptions=True)
        # The last pause is over only when the ticker has run once more.
        await asyncio.sleep(0.02)
    finally:
        ticker.cancel()
    return longest
