"""One attempt that goes wrong: which error it is, and that the error gives nothing away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import (
    BadCredentials,
    Channel,
    ChannelError,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)
from channels.contract_suite.attempts import attempt, eventually, tell
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import (
    NOT_TAKEN,
    REFUSALS,
    TAKEN,
    CountsRequests,
    Misbehaviour,
    StandIn,
)
from channels.contract_suite.watching import (
    assert_discreet,
    everything_of,
    logged,
    still_running,
)

# A provider that says when by its clock counts in whole seconds.
_LEEWAY = timedelta(seconds=5)


class FailingContract(PromisesOfChannel):
    """The promises of ``publish`` and ``send`` on a bad day."""

    # Nothing went out

    async def test_a_throttled_channel_says_until_when(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await tell(provider, Misbehaviour.THROTTLES)
        begun = datetime.now(UTC)
        with pytest.raises(Throttled) as caught:
            await attempt(channel)
        # A minute of leeway above: some providers count in minutes.
        until = caught.value.until
        assert until >= begun + provider.wait - _LEEWAY, "it would ask before the provider allows"
        assert until <= datetime.now(UTC) + provider.wait + timedelta(minutes=1)
        assert await provider.accepted() == []

    async def test_a_throttled_channel_without_a_time_waits_all_the_same(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await tell(provider, Misbehaviour.THROTTLES_WITHOUT_RESET)
        with pytest.raises(Throttled) as caught:
            await attempt(channel)
        assert caught.value.until > datetime.now(UTC)

    @pytest.mark.parametrize("how", REFUSALS, ids=lambda how: how.name.lower())
    async def test_a_refusal_is_for_a_person_to_decide(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        """It stops this message and no other: only dead credentials stop the channel."""
        await tell(provider, how)
        with pytest.raises(Refused) as caught:
            await attempt(channel)
        assert not isinstance(caught.value, BadCredentials)
        assert caught.value.next_step
        assert await provider.accepted() == []

    async def test_dead_credentials_stop_the_channel(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await tell(provider, Misbehaviour.CREDENTIALS_DEAD)
        with pytest.raises(BadCredentials) as caught:
            await attempt(channel)
        assert caught.value.next_step
        assert await provider.accepted() == []

    async def test_a_redirect_is_refused_and_not_followed(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await tell(provider, Misbehaviour.REDIRECTS)
        with pytest.raises(Refused):
            await attempt(channel)
        assert await provider.accepted() == []

    async def test_no_connection_means_that_nothing_went_out(self, provider: StandIn) -> None:
        nowhere = provider.channel_to_nowhere()
        with pytest.raises(Unreachable):
            await attempt(nowhere)
        await nowhere.close()

    async def test_no_connection_in_time_means_that_nothing_went_out(
        self, provider: StandIn, channel: Channel
    ) -> None:
        await tell(provider, Misbehaviour.UNREACHED)
        with pytest.raises(Unreachable):
            await attempt(channel)
        assert await provider.accepted() == []

    # One attempt

    @pytest.mark.parametrize("how", list(Misbehaviour), ids=lambda how: how.name.lower())
    async def test_one_attempt_is_one_request_and_never_tries_again(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        """Trying again is for the workflow, which looks first."""
        await tell(provider, how)
        running = asyncio.all_tasks()
        with pytest.raises(ChannelError):
            await attempt(channel)
        if how in TAKEN:
            await eventually(provider.accepted)
        await channel.close()
        assert not await still_running(running), "something goes on after the attempt has failed"
        assert len(await provider.accepted()) == (how in TAKEN)
        if isinstance(provider, CountsRequests):
            assert await provider.tried() == 1

    async def test_one_attempt_without_a_connection_is_one_request(self, provider: StandIn) -> None:
        if not isinstance(provider, CountsRequests):
            pytest.skip("this stand-in does not see every request")
        nowhere = provider.channel_to_nowhere()
        with pytest.raises(Unreachable):
            await attempt(nowhere)
        await nowhere.close()
        assert await provider.tried() == 1

    async def test_an_attempt_can_be_cancelled(self, provider: StandIn) -> None:
        """A worker that stops cancels what it has on the wire, and then records it."""
        for turns in (1, 3, 9):
            channel = provider.channel()
            task = asyncio.create_task(attempt(channel))
            for _ in range(turns):
                await asyncio.sleep(0)
            cancelled = task.cancel()
            await asyncio.wait({task})
            assert task.cancelled() or not cancelled, "a cancellation was swallowed"
            await channel.close()

    # Nobody knows

    @pytest.mark.parametrize("how", [*NOT_TAKEN, *TAKEN], ids=lambda how: how.name.lower())
    async def test_no_clear_answer_is_unknown_and_nothing_is_sent_again(
        self, provider: StandIn, channel: Channel, how: Misbehaviour
    ) -> None:
        await tell(provider, how)
        with pytest.raises(OutcomeUnknown):
            await attempt(channel)
        if how in TAKEN:
            await eventually(provider.accepted)
        assert len(await provider.accepted()) == (how in TAKEN)

    # What people and logs see

    @pytest.mark.parametrize("how", list(Misbehaviour), ids=lambda how: how.name.lower())
    async def test_errors_and_logs_hold_no_address_token_body_or_words_of_the_provider(
        self,
        provider: StandIn,
        channel: Channel,
        how: Misbehaviour,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await tell(provider, how)
        with caplog.at_level("DEBUG"), pytest.raises(ChannelError) as caught:
            await attempt(channel)
        _assert_no_secret(caught.value, provider, caplog)
        if how in TAKEN:
            # What is taken late must not show up in the next test.
            await eventually(provider.accepted)

    @pytest.mark.parametrize("how", list(Misbehaviour), ids=lambda how: how.name.lower())
    async def test_whatever_fails_is_an_error_of_a_channel_and_prints_nothing_secret(
        self,
        provider: StandIn,
        channel: Channel,
        how: Misbehaviour,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """An exception that nobody planned is taken for an unknown outcome."""
        await tell(provider, how)
        with caplog.at_level("DEBUG"), pytest.raises(ChannelError) as caught:
            await attempt(channel)
        error = caught.value
        assert_discreet(everything_of(error), provider)
        assert error.__context__ is None or error.__suppress_context__, "raise it from None"
        assert_discreet("".join(capsys.readouterr()), provider)
        assert_discreet(logged(caplog), provider)
        if how in TAKEN:
            await eventually(provider.accepted)

    async def test_an_error_for_no_connection_holds_no_secret(
        self, provider: StandIn, caplog: pytest.LogCaptureFixture
    ) -> None:
        nowhere = provider.channel_to_nowhere()
        with caplog.at_level("DEBUG"), pytest.raises(ChannelError) as caught:
            await attempt(nowhere)
        _assert_no_secret(caught.value, provider, caplog)
        await nowhere.close()


def _assert_no_secret(
    error: ChannelError, provider: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    # The message reaches people; the chain of causes reaches logs and histories.
    assert_discreet(everything_of(error), provider)
    assert_discreet(logged(caplog), provider)
    assert error.__cause__ is None
