"""Rounds of sending what waits, by a test's own clock: nobody waits for a back-off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.outbox import OutboxActivities
from activities.signatures.outbox import SendDue
from activities.webhook_request import WebhookRequests
from store.kernel.database import Database
from tests.endpoint import EndpointServer, serving
from tests.outbox import entries, have_endpoint, have_incident, record
from tests.sealing import KEY


class Clock:
    """Now, and whatever a test has let pass."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.passed


class Sending:
    """A worker's part in it: round after round, with the waits between them skipped."""

    def __init__(self, ledger: Database, requests: WebhookRequests) -> None:
        self.ledger = ledger
        self.clock = Clock()
        self.activities = OutboxActivities(ledger, KEY, requests, self.clock)

    async def round(self, endpoint: str = "helpdesk") -> float | None:
        done = await ActivityEnvironment().run(self.activities.send_due, SendDue(endpoint=endpoint))
        return done.again_in

    async def until_nothing_waits(self) -> None:
        while (wait := await self.round()) is not None:
            self.clock.passed += timedelta(seconds=wait)


@pytest.fixture
async def server() -> AsyncIterator[EndpointServer]:
    async with serving(EndpointServer()) as server:
        yield server


@pytest.fixture
async def sending(ledger: Database) -> AsyncIterator[Sending]:
    requests = WebhookRequests(private=True, within=timedelta(seconds=15))
    await have_incident(ledger)
    yield Sending(ledger, requests)
    await requests.close()


async def have_told(sending: Sending, server: EndpointServer, many: int = 8) -> None:
    """An endpoint at that server, and a response that it has not heard of."""
    await have_endpoint(sending.ledger, url=server.url)
    await record(sending.ledger, entries()[:many], at=sending.clock())
