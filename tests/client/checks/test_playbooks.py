"""`check` says which playbooks could not be used here, and why."""

from __future__ import annotations

import pytest

from client.checks.playbooks import check_playbooks
from client.checks.result import CheckKind
from domain.explanation import NextStep
from settings import Settings


def configured(monkeypatch: pytest.MonkeyPatch, channels: str) -> Settings:
    monkeypatch.setenv("FRONTFOOT_CHANNELS", channels)
    return Settings(_env_file=None)


def test_a_playbook_whose_channels_are_all_configured_can_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [found] = check_playbooks(configured(monkeypatch, "email,facebook,twitter,mastodon,website"))
    assert found.ok


def test_a_playbook_that_sends_to_a_channel_nobody_configured_fails_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All was said to work, and what went to that channel waited for a worker for ever."""
    [found] = check_playbooks(configured(monkeypatch, "email"))
    assert (found.ok, found.kind) == (False, CheckKind.SETTING)
    assert "site-compromised/playbook.yaml sends to facebook, twitter" in found.explanation.what
    assert isinstance(found.explanation.next_step, NextStep)
    assert "FRONTFOOT_CHANNELS" in str(found.explanation.next_step)
