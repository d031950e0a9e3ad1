"""The two fixtures that every part of the contract suite has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels.contract import Channel
from channels.contract_suite.stand_in import StandIn


class PromisesOfChannel:
    """A subclass supplies the ``provider``, and gets a ``channel`` to it."""

    @pytest.fixture
    def provider(self) -> StandIn:
        raise NotImplementedError("a subclass supplies the provider")

    @pytest.fixture
    async def channel(self, provider: StandIn) -> AsyncIterator[Channel]:
        channel = provider.channel()
        yield channel
        await channel.close()
