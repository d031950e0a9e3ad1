"""What every channel must do: inherit ``ChannelContract`` and supply a ``provider``.

A test class for a channel is this::

    class TestPostbox(ChannelContract):
        @pytest.fixture
        def provider(self) -> StandIn:
            return PostboxStandIn()

A ``StandIn`` (``stand_in.py``) plays the provider: a test can make it misbehave, and it knows what
it accepted. ``mock_provider.py`` has one that needs no server.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from channels.batch import Addressee, Addressees, Batch
from channels.contract import (
    BadCredentials,
    BadRecipient,
    CannotExpress,
    Channel,
    ChannelError,
    ChannelKind,
    DirectChannel,
    OutcomeUnknown,
    Refused,
    Retracts,
    Template,
    Throttled,
    Unreachable,
)
from channels.contract_suite.attempts import (
    ADDRESS,
    BROADCAST,
    KEY,
    MARK,
    OTHER_ADDRESS,
    OTHER_WORDS,
    VOICE,
    WORDS,
    assert_found,
    attempt,
    eventually,
    look,
    rendered,
)
from channels.contract_suite.stand_in import NOT_TAKEN, TAKEN, Misbehaviour, StandIn
from domain.publication import Finding


class ChannelContract:
    """The promises of a channel, as tests."""

    @pytest.fixture
    def provider(self) -> StandIn:
        raise NotImplementedError("a subclass supplies the provider")

    @pytest.fixture
    async def channel(self, provider: StandIn) -> AsyncIterator[Channel]:
        channel = provider.channel()
        yield channel
        await channel.close()

    # What goes well

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

    async def test_a_post_shows_its_mark(self, provider: StandIn, channel: Channel) -> None:
        """By it we recognise our own post after an answer was lost."""
        if channel.capabilities.kind is not ChannelKind.POST:
            pytest.skip("mail is recognised by its key")
        await attempt(channel)
        [published] = await provider.accepted()
        assert MARK in published

    async def test_check_says_that_a_working_account_works(self, channel: Channel) -> None:
        health = await channel.check()
        assert health.ok, health.detail

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

    async def test_rendering_the_same_template_gives_the_same_copy(self, channel: Channel) -> None:
        assert rendered(channel) == rendered(channel)
        assert rendered(channel).channel == channel.name

    async def test_an_empty_message_cannot_be_expressed(self, channel: Channel) -> None:
        with pytest.raises(CannotExpress):
            channel.render(Template(text="  \n ", subject=" ", mark=MARK, voice=VOICE))

    async def test_what_is_too_long_is_found_before_any_gate(self, channel: Channel) -> None:
        limit = channel.capabilities.max_length
        if limit is None:
            pytest.skip("this channel has no limit")
        with pytest.raises(CannotExpress):
            channel.render(Template(text="x" * (limit + 1), subject="s", mark=MARK, voice=VOICE))

    # What goes wrong, and nothing went out

    async def test_a_throttled_channel_says_until_when(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await provider.misbehave(Misbehaviour.THROTTLES)
        with pytest.raises(Throttled) as caught:
            await attempt(channel)
        # A minute of leeway: some providers count in minutes.
        wait = caught.value.until - datetime.now(UTC)
        assert timedelta(0) < wait <= provider.wait + timedelta(minutes=1)
        assert await provider.accepted() == []

    async def test_a_throttled_channel_without_a_time_waits_all_the_same(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await provider.misbehave(Misbehaviour.THROTTLES_WITHOUT_RESET)
        with pytest.raises(Throttled) as caught:
            await attempt(channel)
        assert caught.value.until > datetime.now(UTC)

    async def test_a_refusal_is_for_a_person_to_decide(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await provider.misbehave(Misbehaviour.REFUSES)
        with pytest.raises(Refused) as caught:
            await attempt(channel)
        assert not isinstance(caught.value, BadCredentials)
        assert caught.value.next_step
        assert await provider.accepted() == []

    async def test_dead_credentials_stop_the_channel(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await provider.misbehave(Misbehaviour.CREDENTIALS_DEAD)
        with pytest.raises(BadCredentials) as caught:
            await attempt(channel)
        assert caught.value.next_step
        assert await provider.accepted() == []

    async def test_a_redirect_is_refused_and_not_followed(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await provider.misbehave(Misbehaviour.REDIRECTS)
        with pytest.raises(Refused):
            await attempt(channel)
        assert await provider.accepted() == []

    async def test_no_connection_means_that_nothing_went_out(self, provider: StandIn) -> None:
        nowhere = provider.channel_to_nowhere()
        with pytest.raises(Unreachable):
            await attempt(nowhere)
        await nowhere.close()

    async def test_check_of_an_unreachable_provider_says_so_and_does_not_raise(
        self, provider: StandIn
    ) -> None:
        nowhere = provider.channel_to_nowhere()
        health = await nowhere.check()
        assert not health.ok
        assert health.detail
        await nowhere.close()

    # What goes wrong, and nobody knows

    @pytest.mark.parametrize("how", NOT_TAKEN, ids=lambda how: how.name.lower())
    async def test_no_clear_answer_is_unknown_and_a_look_finds_nothing(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        since = datetime.now(UTC)
        await provider.misbehave(how)
        with pytest.raises(OutcomeUnknown):
            await attempt(channel)
        assert await provider.accepted() == []
        assert_found(await look(provider, since), channel, Finding.ABSENT)

    @pytest.mark.parametrize("how", TAKEN, ids=lambda how: how.name.lower())
    async def test_no_clear_answer_is_unknown_and_a_look_finds_what_was_taken(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        since = datetime.now(UTC)
        await provider.misbehave(how)
        with pytest.raises(OutcomeUnknown):
            await attempt(channel)
        await eventually(provider.accepted)
        assert_found(await look(provider, since), channel, Finding.FOUND)
        assert len(await provider.accepted()) == 1

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

    # What people and logs see

    @pytest.mark.parametrize("how", list(Misbehaviour), ids=lambda how: how.name.lower())
    async def test_errors_contain_no_address_token_body_or_words_of_the_provider(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        await provider.misbehave(how)
        with pytest.raises(ChannelError) as caught:
            await attempt(channel)
        # The message reaches people; the chain of causes reaches logs and histories.
        shown = str(caught.value) + "".join(
            line
            for line in traceback.format_exception(caught.value)
            if not line.lstrip().startswith("File ")
        )
        for secret in (*provider.secrets, WORDS, ADDRESS):
            assert secret not in shown
        assert caught.value.__cause__ is None
        if how in TAKEN:
            # What is accepted late must not turn up in the next test.
            await eventually(provider.accepted)

    async def test_an_error_for_no_connection_holds_no_secret(self, provider: StandIn) -> None:
        nowhere = provider.channel_to_nowhere()
        with pytest.raises(ChannelError) as caught:
            await attempt(nowhere)
        for secret in (*provider.secrets, WORDS, ADDRESS):
            assert secret not in "".join(traceback.format_exception(caught.value))
        await nowhere.close()

    # Direct channels only

    async def test_a_batch_names_the_addressees_that_cannot_be_written_to(
        self, provider: StandIn, channel: Channel
    ) -> None:
        if channel.capabilities.kind is not ChannelKind.DIRECT:
            pytest.skip("a post has no addressees")
        assert isinstance(channel, DirectChannel)
        people: tuple[Addressee, ...] = (
            Addressee("d.0", ADDRESS),
            Addressee("d.1", "no address at all"),
            Addressee("d.2", OTHER_ADDRESS),
        )
        if channel.capabilities.batch_limit < len(people):
            people = people[1:2]
        with pytest.raises(BadRecipient) as caught:
            await channel.send(Batch(KEY, BROADCAST, rendered(channel), Addressees.of(people)))
        assert [people[place].delivery for place in caught.value.positions] == ["d.1"]
        assert "no address at all" not in str(caught.value)
        assert await provider.accepted() == []

    async def test_a_batch_over_the_limit_is_refused_whole(
        self, provider: StandIn, channel: Channel
    ) -> None:
        """A receipt is for all of a batch, so a channel never takes a part of one."""
        if channel.capabilities.kind is not ChannelKind.DIRECT:
            pytest.skip("a post has no addressees")
        assert isinstance(channel, DirectChannel)
        people = [
            Addressee(f"d.{place}", f"p{place}@customers.example")
            for place in range(channel.capabilities.batch_limit + 1)
        ]
        with pytest.raises(Refused):
            await channel.send(Batch(KEY, BROADCAST, rendered(channel), Addressees.of(people)))
        assert await provider.accepted() == []
