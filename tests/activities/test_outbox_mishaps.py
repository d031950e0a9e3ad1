"""Mishaps while sending what waits: the ledger goes away, a body never ends, a clock is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
from temporalio.exceptions import ApplicationError

from activities.webhook_request import WebhookRequests
from domain.outbox import ItemState
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.outbox import endpoints, items, reading
from store.outbox.items import Item
from tests.activities.outbox_rounds import Sending, have_told, sending, server
from tests.endpoint import Answer, EndpointServer, Received
from tests.outbox import entries, have_endpoint, have_incident, record

__all__ = ["sending", "server"]


async def test_no_attempt_is_left_under_way_beside_the_repeat_of_its_round(
    sending: Sending, server: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two cannot be entered; the other one is still waiting for its answer."""
    await have_told(sending, server, 1)
    await have_incident(sending.ledger, "second-try")
    await record(sending.ledger, entries("second-try")[:1], incident="second-try")
    begin, asked, may_answer = items.begin, asyncio.Event(), asyncio.Event()

    async def begins(ledger: Database, item: Item, at: datetime) -> bool:
        if "second-try" in item.payload:
            await asked.wait()
            raise StoreUnavailable("The ledger is away.", "Nothing was kept.", "Look at it.")
        return await begin(ledger, item, at)

    async def answers(_: Received) -> Answer:
        asked.set()
        await may_answer.wait()
        return Answer()

    server.answer = answers
    monkeypatch.setattr(items, "begin", begins)
    failing = asyncio.create_task(sending.round())
    await asked.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not failing.done()
    may_answer.set()
    with pytest.raises(ApplicationError):
        await failing
    monkeypatch.setattr(items, "begin", begin)
    await sending.round()

    assert len(server.received) == len({one.id for one in server.received}) == 2


async def test_an_answer_counts_though_its_body_takes_longer_than_an_answer_may(
    ledger: Database, server: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await have_incident(ledger)
    requests = WebhookRequests(private=True, within=timedelta(milliseconds=500))
    sending = Sending(ledger, requests)
    await have_told(sending, server, 1)

    async def never_ends(_: httpx.Response, __: int) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    monkeypatch.setattr(httpx.Response, "aiter_raw", never_ends)
    server.always(200)
    assert await sending.round() is None
    await requests.close()
    (item,) = await reading.newest(ledger, "helpdesk", 9)
    assert (item.state, item.status) == (ItemState.ACCEPTED, 200)


async def test_a_clock_that_was_wrong_for_a_moment_holds_nothing_up(
    sending: Sending, server: EndpointServer
) -> None:
    """By it the next attempt was years ahead, and so was the time from which a day is counted."""
    sending.clock.passed = timedelta(days=3_650)
    await have_told(sending, server, 1)
    server.always(503)
    await sending.round()
    sending.clock.passed = timedelta()
    await sending.round()
    assert len(server.received) == 2

    await sending.until_nothing_waits()
    assert (await reading.backlogs(sending.ledger))["helpdesk"].set_aside == 1
    assert sending.clock.passed < timedelta(hours=30)


async def test_a_ping_is_sent_once_also_to_an_endpoint_that_is_gone(
    sending: Sending, server: EndpointServer
) -> None:
    await have_endpoint(sending.ledger, url=server.url)
    server.always(410)
    found = await endpoints.load(sending.ledger, "helpdesk")
    now = sending.clock()
    row: dict[str, object] = {
        "endpoint_id": found.id,
        "event_id": "evt_ping",
        "event_type": "ping",
        "incident": "",
        "payload": "{}",
    }
    async with sending.ledger.write() as connection:
        await items.enter(sending.ledger, connection, [row], now)
    await sending.round()
    (item,) = await reading.newest(sending.ledger, "helpdesk", 9)
    assert (item.state, item.status) == (ItemState.SET_ASIDE, 410)

    await endpoints.enable(sending.ledger, "helpdesk", "maya", sending.clock())
    await sending.round()
    assert len(server.received) == 1
