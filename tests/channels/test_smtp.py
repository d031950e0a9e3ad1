"""Mail through a real mail server: the promises of every channel, and what SMTP adds to them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.contract import ChannelContract
from tests.channels.provider import Provider
from tests.channels.smtp_world import MailProvider, certificate_of, mail_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certificate_of("localhost", tmp_path_factory.mktemp("tls"))


class TestSmtp(ChannelContract):
    @pytest.fixture
    async def provider(
        self, certificate: tuple[ssl.SSLContext, Path]
    ) -> AsyncIterator[Provider]:
        context, trusted = certificate
        async with mail_server(starttls=context) as server:
            yield MailProvider(server, trusted)
