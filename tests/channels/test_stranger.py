"""Somebody else's channel: one file, one settings model, one entry point, one test class."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import orjson
import pytest

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import Channel
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import StandIn
from channels.contract_suite.webhook_channel import WebhookChannel, WebhookSettings


def loft(request: httpx.Request, taken: list[str]) -> httpx.Response:
    """The other side of the webhook."""
    if request.method == "GET":
        posts = [{"id": str(n), **orjson.loads(one)} for n, one in enumerate(taken)]
        return httpx.Response(200, json={"posts": posts})
    taken.append(orjson.dumps(orjson.loads(request.content)).decode())
    return httpx.Response(201, json={"id": str(len(taken) - 1)})


def make(client: httpx.AsyncClient) -> Channel:
    settings = WebhookSettings(url="https://hooks.acme.example/posts", token="hook-token")
    return WebhookChannel(settings, client=client)


class TestWebhook(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return MockProvider(make, loft, secrets=("hook-token",))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stranger's package, as an installer would leave it: its metadata on the path."""
    metadata = tmp_path / "frontfoot_webhook-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: frontfoot-webhook\n")
    (metadata / "entry_points.txt").write_text(
        "[frontfoot.channels]\nwebhook = channels.contract_suite.webhook_channel:ADAPTER\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])


@pytest.mark.usefixtures("installed")
def test_an_installed_package_brings_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTFOOT_WEBHOOK_URL", "https://hooks.acme.example/posts")
    monkeypatch.setenv("FRONTFOOT_WEBHOOK_TOKEN", "hook-token")
    assert "webhook" in registry.known()
    assert isinstance(registry.build(["webhook"])["webhook"], WebhookChannel)


@pytest.mark.usefixtures("installed")
def test_a_strangers_channel_names_its_missing_variables_too() -> None:
    with pytest.raises(ChannelMisconfigured) as caught:
        registry.build(["webhook"])
    assert "FRONTFOOT_WEBHOOK_URL (address that takes our posts) is not set" in str(caught.value)
    assert "FRONTFOOT_WEBHOOK_TOKEN" in str(caught.value)
