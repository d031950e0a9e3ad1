"""`check` is red where nobody's events could be verified, and says where the key stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.checks.events import check_events
from client.checks.ledger import check_ledger
from client.checks.result import CheckKind
from domain.delivery_events import UnreadableEvent
from settings import Settings
from store.events import set_aside
from store.kernel.database import Database
from store.migrate import upgrade_ledger
from tests.channels.sendgrid.signing import SigningKey
from tests.store.world import NOON

KEY = "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(channels=("email", "twitter"))


def test_a_key_that_verifies_events_is_fine(
    configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, SigningKey().public)
    [found] = check_events(configured)
    assert (found.ok, found.about) == (True, "events of email")


@pytest.mark.parametrize("key", [None, "", "changeme", SigningKey().public[:-1]])
def test_a_key_that_is_missing_or_wrong_is_said_by_its_variable(
    configured: Settings, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv(KEY, raising=False)
    if key is not None:
        monkeypatch.setenv(KEY, key)
    [found] = check_events(configured)
    said = found.explanation.what
    assert (found.ok, found.kind) == (False, CheckKind.SETTING)
    assert (KEY in said, "Settings > Mail Settings > Event Webhooks" in said) == (True, True)


async def test_events_that_were_set_aside_are_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await upgrade_ledger(url)
    assert [one.about for one in await check_ledger(url)] == ["ledger"]
    database = Database.open(url)
    await set_aside.keep(
        database, "email", [UnreadableEvent(b"1", ""), UnreadableEvent(b"2", "")], NOON
    )
    await database.close()
    _, found = await check_ledger(url)
    assert (found.ok, found.explanation.what.startswith("2 could not be read")) == (True, True)
