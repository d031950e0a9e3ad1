"""``check`` says what is in the inbox of events, and whether somebody has to do something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client.checks.ledger import check_ledger
from client.checks.result import CheckResult
from domain.delivery_events import DeliveryEvent
from domain.publication import DeliveryState
from store.events.inbox import Inbox
from tests.fresh_ledger import empty_ledger

__all__ = ["empty_ledger"]
EVENTS = [DeliveryEvent(name, DeliveryState.DELIVERED, datetime.now(UTC)) for name in "abc"]


@pytest.fixture
def path(empty_ledger: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "ledger.db"
    copy.write_bytes(empty_ledger.read_bytes())
    return copy


@pytest.fixture
async def inbox(path: Path) -> AsyncIterator[Inbox]:
    made = Inbox(Path(f"{path}-events"))
    yield made
    await made.close()


async def found(path: Path) -> dict[str, CheckResult]:
    return {one.about: one for one in await check_ledger(f"sqlite:///{path}")}


async def test_where_nothing_waits_nothing_is_said(path: Path) -> None:
    assert set(await found(path)) == {"ledger"}
    assert not Path(f"{path}-events").exists()


async def test_events_that_came_just_now_are_nothing_to_worry_about(
    path: Path, inbox: Inbox
) -> None:
    await inbox.put("email", EVENTS, datetime.now(UTC))
    waiting = (await found(path))["events waiting"]
    assert waiting.ok
    assert "3 events" in waiting.explanation.what


async def test_events_that_nobody_enters_are_a_fault(path: Path, inbox: Inbox) -> None:
    await inbox.put("email", EVENTS, datetime.now(UTC) - timedelta(hours=1))
    waiting = (await found(path))["events waiting"]
    assert not waiting.ok
    assert "3 events wait to be entered" in waiting.explanation.what
    assert "receiver or a worker" in str(waiting.explanation)


async def test_events_that_cannot_be_entered_are_a_fault(path: Path, inbox: Inbox) -> None:
    await inbox.put("email", EVENTS, datetime.now(UTC))
    [parcel] = await inbox.next(10)
    await inbox.put_off(parcel)
    assert not (await found(path))["events not entered"].ok
