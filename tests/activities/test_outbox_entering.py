"""What is recorded is told: in the same transaction, and by whoever lives if a worker dies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities import outbox_entering
from activities.outbox_entering import OutboxEntering
from activities.record import RecordActivities
from activities.signatures.record import RecordTimeline, TimelineRecorded
from store.kernel.database import Database
from store.outbox import items, reading
from tests.deadline import eventually
from tests.outbox import CONSOLE, INCIDENT, entries, have_endpoint, have_incident
from tests.sealing import KEY


class Killed(BaseException):
    """The worker ends here."""


class Started:
    """What was started, and with how much entered already; ``dead`` dies instead."""

    def __init__(self, ledger: Database) -> None:
        self.ledger = ledger
        self.dead = False
        self.names: list[tuple[str, int]] = []

    async def __call__(self, name: str) -> bool:
        if self.dead:
            raise Killed
        waiting = (await reading.backlogs(self.ledger))[name].waiting
        self.names.append((name, waiting))
        return True


async def recorded(ledger: Database, started: Started) -> TimelineRecorded:
    """One attempt of a worker at recording a response."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, workflow_id=f"incident/{INCIDENT}")
    record = RecordActivities(ledger, KEY, OutboxEntering(ledger, CONSOLE, started))
    order = RecordTimeline(incident=INCIDENT, entries=tuple(entries()), told=(1,))
    return await environment.run(record.record_timeline, order)


async def test_an_endpoint_is_started_once_everything_is_entered(ledger: Database) -> None:
    await have_incident(ledger)
    await have_endpoint(ledger)
    started = Started(ledger)

    await recorded(ledger, started)
    await recorded(ledger, started)

    assert started.names == [("helpdesk", 8)]
    newest, *_ = await reading.newest(ledger, "helpdesk", 9)
    assert newest.event_type == "incident.closed"


async def test_nothing_is_started_without_an_endpoint(ledger: Database) -> None:
    await have_incident(ledger)
    started = Started(ledger)

    await recorded(ledger, started)

    assert started.names == []


async def test_a_mistake_in_one_look_does_not_end_the_looking(
    ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would notice; and what cannot be started keeps nobody else from being started."""
    monkeypatch.setattr(outbox_entering, "OVERDUE_AFTER", timedelta())
    monkeypatch.setattr(outbox_entering, "LOOK_EVERY", timedelta(milliseconds=20))
    await have_incident(ledger)
    await have_endpoint(ledger)
    await have_endpoint(ledger, "chat")
    names: list[str] = []

    async def fails(name: str) -> bool:
        names.append(name)
        raise ValueError

    async def forgets(*_: object) -> None:
        names.append("forgotten")
        raise TypeError

    environment = ActivityEnvironment()
    environment.info = replace(environment.info, workflow_id=f"incident/{INCIDENT}")
    entering = OutboxEntering(ledger, CONSOLE, fails)
    order = RecordTimeline(incident=INCIDENT, entries=tuple(entries()), told=(1,))
    await environment.run(RecordActivities(ledger, KEY, entering).record_timeline, order)
    assert sorted(names) == ["chat", "helpdesk"]

    monkeypatch.setattr(items, "forget_old", forgets)
    looking = asyncio.create_task(entering.keep_starting())

    async def looks() -> int:
        return names.count("forgotten")

    await eventually(looks, lambda many: many > 1)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking


async def test_a_worker_that_dies_after_the_commit_leaves_what_another_one_starts(
    ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its repeat finds every entry there, so it starts nothing: only a look at what is due does."""
    monkeypatch.setattr(outbox_entering, "OVERDUE_AFTER", timedelta())
    monkeypatch.setattr(outbox_entering, "LOOK_EVERY", timedelta(milliseconds=20))
    await have_incident(ledger)
    await have_endpoint(ledger)
    started = Started(ledger)
    started.dead = True
    with pytest.raises(Killed):
        await recorded(ledger, started)

    started.dead = False
    await recorded(ledger, started)
    assert started.names == []
    looking = asyncio.create_task(OutboxEntering(ledger, CONSOLE, started).keep_starting())

    async def names() -> list[tuple[str, int]]:
        return started.names

    assert (await eventually(names))[0] == ("helpdesk", 8)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
