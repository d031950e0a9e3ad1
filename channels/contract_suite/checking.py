"""Before anything is published: ``check`` says whether it would work, and never raises."""

from __future__ import annotations

import pytest

from channels.contract import Channel
from channels.contract_suite.attempts import LONGEST_PAUSE, TRIES, longest_pause, tell
from channels.contract_suite.base import PromisesOfChannel
from channels.contract_suite.stand_in import LookFault, StandIn


class CheckingContract(PromisesOfChannel):
    """The promises of ``check``."""

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
        [
            LookFault.CREDENTIALS_DEAD,
            LookFault.FORBIDDEN,
            LookFault.FAILS,
            LookFault.SILENT,
            LookFault.DROPS,
        ],
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

    @pytest.mark.parametrize("how", list(LookFault), ids=lambda how: how.name.lower())
    async def test_check_never_raises_and_publishes_nothing(
        self, provider: StandIn, channel: Channel, how: LookFault
    ) -> None:
        await tell(provider, how)
        health = await channel.check()
        assert health.detail
        assert await provider.accepted() == []

    async def test_others_can_work_while_it_checks(
        self, provider: StandIn, channel: Channel
    ) -> None:
        for _ in range(TRIES):
            if await longest_pause(channel.check()) < LONGEST_PAUSE:
                return
        pytest.fail("check blocks its thread: await it, or run it in another thread")
