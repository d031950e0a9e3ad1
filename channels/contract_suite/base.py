"""The two fixtures that every part of the contract suite has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from inspect import iscoroutinefunction
from typing import Any

import pytest
import pytest_asyncio

from channels.contract import Channel
from channels.contract_suite.stand_in import StandIn


class Promises:
    """A class of tests, of which those that are async run whatever mode pytest-asyncio is in."""

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        for name, test in list(vars(cls).items()):
            if name.startswith("test_") and iscoroutinefunction(test):
                setattr(cls, name, pytest.mark.asyncio(test))


class PromisesOfChannel(Promises):
    """A subclass supplies the ``provider``, and gets a ``channel`` to it."""

    @pytest.fixture
    def provider(self) -> StandIn:
        raise NotImplementedError("a subclass supplies the provider")

    @pytest_asyncio.fixture
    async def channel(self, provider: StandIn) -> AsyncIterator[Channel]:
        channel = provider.channel()
        yield channel
        await channel.close()
