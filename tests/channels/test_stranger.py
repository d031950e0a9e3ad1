"""Somebody else's channel: one file, one settings model, one entry point, one test class."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract_suite.adapter_contract import AdapterContract, Package
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import PAGE, make_webhook, serve_posts
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import StandIn
from channels.contract_suite.webhook_channel import ADAPTER, WebhookChannel


class TestWebhook(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return MockProvider(make_webhook, serve_posts, secrets=("hook-token",), page_size=PAGE)


class TestWebhookAdapter(AdapterContract):
    @pytest.fixture
    def package(self) -> Package:
        settings = {"url": "https://hooks.acme.example/posts", "token": "hook-token"}
        return Package("webhook", ADAPTER, settings, secrets=("hook-token",))


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
    assert "FRONTFOOT_WEBHOOK_URL (address that accepts our posts) is not set" in str(caught.value)
    assert "FRONTFOOT_WEBHOOK_TOKEN" in str(caught.value)
