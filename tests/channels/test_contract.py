"""Our three channels keep the promises of every channel, against the sandbox."""

from __future__ import annotations

import pytest

from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.private import PrivateContract
from channels.contract_suite.stand_in import StandIn
from tests.channels.sandbox_provider import SandboxMail, SandboxPage, SandboxX


class TestEmail(ChannelContract):
    @pytest.fixture
    def provider(self, sandbox: str) -> StandIn:
        return SandboxMail(sandbox)


class TestTwitter(ChannelContract):
    @pytest.fixture
    def provider(self, sandbox: str) -> StandIn:
        return SandboxX(sandbox)


class TestFacebook(ChannelContract):
    @pytest.fixture
    def provider(self, sandbox: str) -> StandIn:
        return SandboxPage(sandbox)


class TestMessagesOnTwitter(PrivateContract):
    @pytest.fixture
    def provider(self, sandbox: str) -> StandIn:
        return SandboxX(sandbox)


class TestMessagesOnFacebook(PrivateContract):
    @pytest.fixture
    def provider(self, sandbox: str) -> StandIn:
        return SandboxPage(sandbox)
