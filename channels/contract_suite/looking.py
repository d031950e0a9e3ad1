"""After an answer was lost: ``find`` is right, or says that it cannot tell."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Channel, OutcomeUnknown, Retracts, Throttled, Unreachable
from channels.contract_suite.attempts import (
    BROADCAST,
    KEY,
    LONGEST_PAUSE,
    OTHER_WORDS,
    TRIES,
    assert_found,
    attempt,
    eventually,
    longest_pause,
    look,
    rendered,
    tell,
)
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import (
    LATER,
    NOT_TAKEN,
    TAKEN,
    LookFault,
    Misbehaviour,
    StandIn,
)
from channels.looking import SLACK
from domain.publication import Finding

BLIND = [how for how in LookFault if how not in LATER]


class LookingContract(PromisesOfChannel):
    """The promises of ``find`` and of ``retract``."""

    @pytest.mark.parametrize("how", NOT_TAKEN, ids=lambda how: how.name.lower())
    async def test_a_look_finds_nothing_of_what_was_not_taken(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        since = await lose(provider, channel, how)
        assert await provider.accepted() == []
        assert_found(await look(provider, since), channel, Finding.ABSENT)

    @pytest.mark.parametrize("how", TAKEN, ids=lambda how: how.name.lower())
    async def test_a_look_finds_what_was_taken(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        since = await lose(provider, channel, how)
        assert_found(await look(provider, since), channel, Finding.FOUND)
        assert len(await provider.accepted()) == 1

    @pytest.mark.parametrize("how", BLIND, ids=lambda how: how.name.lower())
    async def test_a_look_that_cannot_see_never_says_absent(
        self,
        provider: StandIn,
        channel: Channel,
        how: LookFault,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """*Absent* has it published again, and it is there already."""
        if not channel.capabilities.reads_back:
            pytest.skip("this channel cannot look")
        if how is LookFault.GONE and provider.page_size is None:
            pytest.skip("asked for one thing by its key, a provider may say absent like that")
        since = await lose(provider, channel, Misbehaviour.FAILS_AFTER)
        await tell(provider, how)
        with caplog.at_level("DEBUG"):
            why = await why_nobody_can_tell(provider, since)
        assert why, "somebody has to be told why nobody can tell"
        for secret in provider.secrets:
            assert secret not in why
            assert secret not in caplog.text, "a log line holds a secret"

    async def test_a_look_reads_on_until_it_has_seen_everything(
        self, provider: StandIn, channel: Channel
    ) -> None:
        """More was published meanwhile than one answer shows."""
        since = await lose_among_others(provider, channel)
        assert_found(await look(provider, since), channel, Finding.FOUND)

    async def test_a_look_that_breaks_off_halfway_never_says_absent(
        self, provider: StandIn, channel: Channel
    ) -> None:
        since = await lose_among_others(provider, channel)
        await tell(provider, LookFault.FAILS_LATER)
        assert await why_nobody_can_tell(provider, since)

    @pytest.mark.parametrize("how", list(LATER), ids=lambda how: how.name.lower())
    async def test_a_look_that_sees_only_a_part_never_says_absent(
        self, provider: StandIn, channel: Channel, how: LookFault
    ) -> None:
        since = await lose_among_others(provider, channel)
        await tell(provider, how)
        assert await why_nobody_can_tell(provider, since)

    async def test_a_look_finds_ours_among_others_by_its_own_id(
        self, provider: StandIn, channel: Channel
    ) -> None:
        since = datetime.now(UTC)
        await _publish_another(channel, 8)
        receipt = await attempt(channel)
        await _publish_another(channel, 9)
        sighting = await look(provider, since)
        assert_found(sighting, channel, Finding.FOUND)
        if sighting.receipt is not None:
            assert sighting.receipt.id == receipt.id
            assert abs(sighting.receipt.at - receipt.at) < timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("mark", "key"),
        [
            ("Update 6, 20 Nov 13:05 UTC", f"{BROADCAST}.11.1"),
            ("Update 17, 20 Nov 14:05 UTC", f"{BROADCAST}.1.17"),
        ],
        ids=["another", "alike"],
    )
    async def test_a_look_does_not_take_the_same_words_under_another_mark_for_ours(
        self, provider: StandIn, channel: Channel, mark: str, key: str
    ) -> None:
        """Hourly updates often say the same."""
        since = datetime.now(UTC)
        await attempt(channel, key=key, mark=mark)
        assert_found(await look(provider, since), channel, Finding.ABSENT)

    async def test_a_look_does_not_change_anything(
        self, provider: StandIn, channel: Channel
    ) -> None:
        since = datetime.now(UTC)
        await attempt(channel)
        before = await provider.accepted()
        await look(provider, since)
        assert await provider.accepted() == before

    async def test_a_look_allows_for_a_clock_that_lags_behind_ours(
        self, provider: StandIn, channel: Channel
    ) -> None:
        """By the provider's clock it was published before we began."""
        await attempt(channel)
        late = datetime.now(UTC) + SLACK / 2
        assert_found(await look(provider, late), channel, Finding.FOUND)

    async def test_a_look_finds_what_was_published_with_the_same_id(
        self, provider: StandIn, channel: Channel
    ) -> None:
        since = datetime.now(UTC)
        receipt = await attempt(channel)
        sighting = await look(provider, since)
        assert_found(sighting, channel, Finding.FOUND)
        if sighting.receipt is not None:
            assert sighting.receipt.id == receipt.id

    async def test_a_look_does_not_take_another_publication_for_ours(
        self, provider: StandIn, channel: Channel
    ) -> None:
        since = datetime.now(UTC)
        await attempt(
            channel, words=OTHER_WORDS, key=f"{BROADCAST}.2.1", mark="Notice 1, 09:00 UTC"
        )
        assert_found(await look(provider, since), channel, Finding.ABSENT)

    async def test_looking_at_an_unreachable_provider_may_be_tried_again(
        self, provider: StandIn
    ) -> None:
        nowhere = provider.channel_to_nowhere()
        if not nowhere.capabilities.reads_back:
            pytest.skip("this channel cannot look")
        with pytest.raises(Unreachable):
            await nowhere.find(KEY, rendered(nowhere), datetime.now(UTC))
        await nowhere.close()

    async def test_others_can_work_while_it_looks(
        self, provider: StandIn, channel: Channel
    ) -> None:
        if not channel.capabilities.reads_back:
            pytest.skip("this channel cannot look")
        await tell(provider, LookFault.SILENT)
        for _ in range(TRIES):
            seen = channel.find(KEY, rendered(channel), datetime.now(UTC))
            if await longest_pause(seen) < LONGEST_PAUSE:
                return
        pytest.fail("find blocks its thread: await it, or run it in another thread")

    async def test_a_post_can_be_taken_back_twice(
        self, provider: StandIn, channel: Channel
    ) -> None:
        if not isinstance(channel, Retracts):
            pytest.skip("this channel cannot take anything back")
        since = datetime.now(UTC)
        receipt = await attempt(channel)
        await channel.retract(receipt)
        await channel.retract(receipt)
        assert_found(await look(provider, since), channel, Finding.ABSENT)


async def lose(provider: StandIn, channel: Channel, how: Misbehaviour) -> datetime:
    """Publish so that the answer is lost; returns when that began."""
    since = datetime.now(UTC)
    await tell(provider, how)
    with pytest.raises(OutcomeUnknown):
        await attempt(channel)
    if how in TAKEN:
        await eventually(provider.accepted)
    return since


async def why_nobody_can_tell(provider: StandIn, since: datetime) -> str:
    """What a look says that could not see: in words, or as an error that has it tried again."""
    try:
        sighting = await look(provider, since)
    except (Unreachable, Throttled) as error:
        return str(error)
    assert sighting.finding is Finding.CANNOT_TELL
    return sighting.why


async def lose_among_others(provider: StandIn, channel: Channel) -> datetime:
    """The same, and then publish more than one answer to a look shows."""
    if provider.page_size is None or not channel.capabilities.reads_back:
        pytest.skip("what it looks for is not among others")
    since = await lose(provider, channel, Misbehaviour.FAILS_AFTER)
    for number in range(2, provider.page_size + 3):
        # On a busy machine one of so many answers may come too late: the post is there anyway.
        with suppress(OutcomeUnknown):
            await _publish_another(channel, number)
    return since


async def _publish_another(channel: Channel, number: int) -> None:
    """Publish what is not looked for."""
    await attempt(
        channel,
        words=f"Region {number} is back",
        key=f"{BROADCAST}.{number}.1",
        mark=f"Notice {number}, 09:00 UTC",
    )
