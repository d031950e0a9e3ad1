"""Whoever looks for a lost request is told where its own provider shows it."""

from __future__ import annotations

import pytest

from channels import registry
from channels.contract import ChannelKind
from client.where_to_look import where_to_look
from tests.channels.test_registry import CONFIGURED


@pytest.mark.parametrize(
    ("channel", "says"),
    [("email", "ff_batch"), ("smtp", "Message-ID"), ("pigeon", "provider's own records")],
)
def test_the_words_are_those_of_the_channel(channel: str, says: str) -> None:
    assert says in where_to_look(channel)


def test_a_channel_tells_events_just_if_its_adapter_reads_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in {**CONFIGURED, "FRONTFOOT_SMTP_HOST": "mail.example"}.items():
        monkeypatch.setenv(variable, value)
    for name, channel in registry.build(["email", "smtp", "facebook", "twitter"]).items():
        adapter = registry.load(name)
        assert channel.capabilities.tells_events == (adapter.events is not None)
        assert bool(adapter.look_for) == (channel.capabilities.kind is ChannelKind.DIRECT)
