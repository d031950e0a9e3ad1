"""Somebody else's mail channel, which hears what becomes of its mail."""

from __future__ import annotations

import httpx
import pytest

from channels.contract import DirectChannel
from channels.contract_suite.adapter_contract import AdapterContract, Package
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.events_contract import EventFeed, EventsContract
from channels.contract_suite.example_providers import Feed, make_mailer, read_letters, serve_mail
from channels.contract_suite.mailer_channel import ADAPTER
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import StandIn


class TestMailer(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return MockProvider(make_mailer, serve_mail, secrets=("mail-token",), letters=read_letters)


class TestMailerEvents(EventsContract):
    @pytest.fixture
    def feed(self) -> EventFeed:
        return Feed()


class TestMailerAdapter(AdapterContract):
    @pytest.fixture
    def package(self) -> Package:
        settings = {"base_url": "https://mailer.example", "token": "mail-token"}
        return Package("mailer", ADAPTER, settings, secrets=("mail-token",))


async def test_it_is_a_direct_channel() -> None:
    channel = make_mailer(httpx.AsyncClient())
    assert isinstance(channel, DirectChannel)
    await channel.close()
