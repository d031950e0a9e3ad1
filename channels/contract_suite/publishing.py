"""One attempt that goes well, and what is published by it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Channel, ChannelKind
from channels.contract_suite.attempts import (
    ADDRESS,
    BROADCAST,
    KEY,
    LINK,
    LONGEST_PAUSE,
    MARK,
    OTHER_ADDRESS,
    OTHER_WORDS,
    TRIES,
    VOICE,
    WORDS,
    attempt,
    longest_pause,
    tell,
)
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import LookFault, Misbehaviour, StandIn


class PublishingContract(PromisesOfChannel):
    """The promises of ``publish`` and ``send`` on a good day, and those of ``check``."""

    async def test_what_is_published_reaches_the_provider_once(
        self, provider: StandIn, channel: Channel
    ) -> None:
        receipt = await attempt(channel)
        assert receipt.id
        assert [WORDS in one for one in await provider.accepted()] == [True]

    async def test_a_receipt_bears_the_time_in_utc(self, channel: Channel) -> None:
        receipt = await attempt(channel)
        assert receipt.at.utcoffset() == timedelta(0)
        assert abs(receipt.at - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_a_post_shows_all_that_was_signed_and_no_key_of_ours(
        self, provider: StandIn, channel: Channel
    ) -> None:
        """By its mark we recognise our own post after an answer was lost."""
        if channel.capabilities.kind is not ChannelKind.POST:
            pytest.skip("mail is recognised by its key")
        await attempt(channel)
        [published] = await provider.accepted()
        for part in (MARK, LINK, VOICE.sign_off):
            assert part in published
        assert KEY not in published
        assert BROADCAST not in published

    async def test_two_publications_share_no_words_and_no_addressee(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await attempt(channel)
        await attempt(channel, words=OTHER_WORDS, key=f"{BROADCAST}.2.1", address=OTHER_ADDRESS)
        first, second = await provider.accepted()
        assert WORDS not in second
        assert ADDRESS not in second
        assert OTHER_WORDS not in first
        assert OTHER_ADDRESS not in first

    async def test_two_publications_at_once_do_not_mix(
        self, provider: StandIn, channel: Channel
    ) -> None:
        words = [f"Region {number} is back" for number in range(10, 16)]
        await asyncio.gather(
            *(
                attempt(
                    channel,
                    words=one,
                    key=f"{BROADCAST}.{number}.1",
                    address=f"p{number}@customers.example",
                )
                for number, one in enumerate(words)
            )
        )
        published = await provider.accepted()
        for one in words:
            assert sum(one in carried for carried in published) == 1

    async def test_closing_one_channel_leaves_another_working(
        self, provider: StandIn, channel: Channel
    ) -> None:
        another = provider.channel()
        await another.check()
        await another.close()
        await attempt(channel)
        assert len(await provider.accepted()) == 1

    async def test_others_can_work_while_it_waits_for_the_provider(
        self, provider: StandIn, channel: Channel
    ) -> None:
        """A blocking call stops every other channel of its worker."""
        for number in range(TRIES):
            await tell(provider, Misbehaviour.SILENT_BEFORE)
            key = f"{BROADCAST}.{number}.1"
            if await longest_pause(attempt(channel, key=key)) < LONGEST_PAUSE:
                return
        pytest.fail("publish or send blocks its thread: await it, or run it in another thread")

    async def test_check_says_that_a_working_account_works(self, channel: Channel) -> None:
        health = await channel.check()
        assert health.ok, health.detail

    async def test_check_of_an_unreachable_provider_says_so_and_does_not_raise(
        self, provider: StandIn
    ) -> None:
        nowhere = provider.channel_to_nowhere()
        health = await nowhere.check()
        assert not health.ok
        assert health.detail
        await nowhere.close()

    @pytest.mark.parametrize(
        "how",
        [LookFault.CREDENTIALS_DEAD, LookFault.FORBIDDEN, LookFault.FAILS, LookFault.SILENT],
        ids=lambda how: how.name.lower(),
    )
    async def test_check_of_an_account_that_does_not_work_says_so_and_does_not_raise(
        self,
        provider: StandIn,
        channel: Channel,
        how: LookFault,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await tell(provider, how)
        with caplog.at_level("DEBUG"):
            health = await channel.check()
        assert not health.ok
        assert health.detail
        for secret in provider.secrets:
            assert secret not in f"{health.detail} {health.account}"
            assert secret not in caplog.text
