"""Somebody else's channel with every ability that a channel of posts may declare."""

from __future__ import annotations

import pytest

from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import board_provider
from channels.contract_suite.stand_in import StandIn


class TestBoard(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return board_provider()
