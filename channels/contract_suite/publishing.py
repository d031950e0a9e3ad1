"""One attempt that goes well, and what is published by it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import CannotExpress, Channel, ChannelKind
from channels.contract_suite.attempts import (
    ADDRESS,
    BROADCAST,
    KEY,
    LINK,
    LONGEST_PAUSE,
    MARK,
    OTHER_ADDRESS,
    OTHER_WORDS,
    SPECIAL_WORDS,
    TRIES,
    VOICE,
    WORDS,
    attempt,
    longest_pause,
    look,
    rendered,
    tell,
)
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import CountsRequests, Misbehaviour, StandIn
from channels.contract_suite.watching import (
    assert_discreet,
    assert_words_are,
    logged,
    still_running,
)


class PublishingContract(PromisesOfChannel):
    """The promises of ``publish`` and ``send`` on a good day."""

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

    async def test_a_post_says_exactly_what_was_signed(
        self, provider: StandIn, channel: Channel
    ) -> None:
        if channel.capabilities.kind is not ChannelKind.POST:
            pytest.skip("what mail says has its own promises")
        for number, words in enumerate((WORDS, SPECIAL_WORDS)):
            await attempt(channel, words=words, key=f"{BROADCAST}.{number}.1")
            await assert_words_are(rendered(channel, words).text, provider)

    async def test_a_publication_is_one_request(self, provider: StandIn, channel: Channel) -> None:
        running = asyncio.all_tasks()
        await attempt(channel)
        await channel.close()
        assert not await still_running(running), "something goes on after the receipt"
        assert len(await provider.accepted()) == 1
        if isinstance(provider, CountsRequests):
            assert await provider.tried() == 1

    async def test_every_receipt_has_an_id_of_its_own(self, channel: Channel) -> None:
        first = await attempt(channel)
        second = await attempt(
            channel, words=OTHER_WORDS, key=f"{BROADCAST}.2.1", mark="Notice 1, 09:00 UTC"
        )
        assert first.id.strip()
        assert second.id.strip()
        assert first.id != second.id

    @pytest.mark.parametrize(
        "letter", ["x", "\u00fc", "\u969c", "\U0001f6a8", "[", "&", "\n"], ids=ascii
    )
    async def test_what_can_be_rendered_is_taken_by_the_provider(
        self, channel: Channel, letter: str
    ) -> None:
        """What it refuses for its form is found when the copy is rendered, and not at the wire."""
        limit = channel.capabilities.max_length or 20_000
        beside = len(rendered(channel).text) - len(WORDS)
        for length in (limit + 1, limit, limit // 2, limit // 4, beside):
            end = f" {length}."
            words = letter * max(length - beside - len(end), 1) + end
            try:
                copy = rendered(channel, words)
            except CannotExpress:
                continue
            assert MARK in copy.text or channel.capabilities.kind is ChannelKind.DIRECT
            await attempt(channel, words=words, key=f"{BROADCAST}.{length}.1")
            return
        pytest.fail("not even a short message can be expressed")

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

    async def test_others_can_work_while_it_publishes(self, provider: StandIn) -> None:
        for number in range(TRIES):
            channel = provider.channel()
            pause = await longest_pause(attempt(channel, key=f"{BROADCAST}.{number}.1"))
            pause = max(pause, await longest_pause(channel.close()))
            if pause < LONGEST_PAUSE:
                return
        pytest.fail("publish, send or close blocks its thread: await it, or use another thread")

    async def test_nothing_secret_is_shown_on_a_good_day(
        self,
        provider: StandIn,
        channel: Channel,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """In logs, on the screen, in a receipt, in what a look finds, in the channel's own name."""
        with caplog.at_level("DEBUG"):
            since = datetime.now(UTC)
            receipt = await attempt(channel)
            sighting = await look(provider, since)
            health = await channel.check()
        shown = f"{receipt!r} {sighting!r} {health!r} {channel!r} {channel}"
        assert_discreet(shown, provider)
        assert_discreet("".join(capsys.readouterr()), provider)
        assert_discreet(logged(caplog), provider)
