"""Sending what waits: signed, in order, to an endpoint that is slow, down, gone or changes its key.

The endpoint is a real HTTP server, and the clock a test's own: nobody waits for a back-off.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook, WebhookVerificationError

from activities.outbox import OutboxActivities
from activities.webhook_request import WebhookRequests
from domain import endpoint_secret
from domain.outbox import AttemptEnd, ItemState
from store.kernel.database import Database
from store.outbox import endpoints, items, reading
from store.tables import endpoints as endpoint_rows
from tests.activities.outbox_rounds import Sending, have_told, sending, server
from tests.endpoint import Answer, EndpointServer, Received
from tests.outbox import SECRET, entries, have_incident, record
from tests.sealing import KEY, STRANGER

__all__ = ["sending", "server"]

ALL = [
    "incident.opened",
    "message.proposed",
    "message.decided",
    "message.outcome",
    "message.told",
    "promise.made",
    "message.outcome",
    "incident.closed",
]
NEW_SECRET = b"n" * endpoint_secret.SECRET_BYTES


def types(server: EndpointServer) -> list[str]:
    return [one.type for one in server.received]


async def test_everything_arrives_once_in_order_and_signed(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server)

    assert await sending.round() is None
    assert await sending.round() is None

    assert types(server) == ALL
    for one in server.received:
        assert Webhook(endpoint_secret.written(SECRET)).verify(one.body, dict(one.headers))
        assert (one.method, one.path) == ("POST", "/hooks/frontfoot")
        assert one.headers["host"] == f"localhost:{server.port}"
        assert one.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW_SECRET).verify(server.received[0].body, dict(server.received[0].headers))


async def test_an_outage_of_an_hour_loses_nothing_and_keeps_the_order(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server)
    began = sending.clock()

    async def down_for_an_hour(_: Received) -> Answer:
        down = sending.clock() - began < timedelta(hours=1)
        return Answer(None if down else 200)

    server.answer = down_for_an_hour
    await sending.until_nothing_waits()

    ids = [one.id for one in server.received]
    tries = ids.count(ids[0])
    assert ids[:tries] == [ids[0]] * tries
    assert types(server)[tries - 1 :] == ALL
    assert timedelta(hours=1) <= sending.clock() - began < timedelta(hours=1, minutes=13)
    assert (await reading.backlogs(sending.ledger)) == {}
    seen = await endpoints.load(sending.ledger, "helpdesk")
    assert (seen.failure, seen.failed_at and seen.succeeded_at is not None) == ("broken", True)


async def test_the_same_id_comes_with_a_new_signature_at_each_attempt(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server, 1)
    server.always(503)
    await sending.round()
    sending.clock.passed = timedelta(minutes=4)
    await sending.round()

    first, second = server.received
    assert (first.id, first.body) == (second.id, second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 422, 429, 500, 503])
async def test_nothing_but_a_2xx_is_an_acceptance(
    sending: Sending, server: EndpointServer, status: int
) -> None:
    """Also a redirect: it is not followed, wherever it leads."""
    await have_told(sending, server, 1)
    server.always(status, Location=f"http://localhost:{server.port}/elsewhere")

    assert await sending.round() is not None

    assert len(server.received) == 1
    (item,) = await reading.newest(sending.ledger, "helpdesk", 9)
    assert (item.state, item.ended, item.status) == (ItemState.WAITING, "answered", status)


async def test_an_endpoint_that_asks_for_a_pause_gets_it(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server, 1)
    server.always(429, Retry_After="7200")
    assert 7_190 < (await sending.round() or 0) <= 7_201

    sending.clock.passed += timedelta(hours=2, seconds=1)
    server.always(503, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT")
    # Within limits: it may be a mistake.
    assert 21_000 < (await sending.round() or 0) <= 21_600


async def test_an_endpoint_that_is_gone_is_not_asked_again_until_somebody_enables_it(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server)
    server.always(410)
    assert await sending.round() is None
    assert await sending.round() is None
    assert len(server.received) == 1

    server.always(200)
    await endpoints.enable(sending.ledger, "helpdesk", "maya", sending.clock())
    assert await sending.round() is None
    assert types(server)[1:] == ALL


async def test_poison_is_set_aside_after_a_day_and_the_rest_arrives_in_order(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server)

    async def chokes(received: Received) -> Answer:
        return Answer(500 if received.type == "message.decided" else 200)

    server.answer = chokes
    await sending.until_nothing_waits()

    taken = [one for one in types(server) if one != "message.decided"]
    assert taken == [one for one in ALL if one != "message.decided"]
    assert (await reading.backlogs(sending.ledger))["helpdesk"].set_aside == 1
    server.always(200)
    assert await items.replay(sending.ledger, "helpdesk", sending.clock()) == 1
    await sending.round()
    assert types(server)[-1] == "message.decided"
    assert await reading.backlogs(sending.ledger) == {}


async def test_what_holds_up_one_incident_holds_up_no_other(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server)
    await have_incident(sending.ledger, "second-try")
    await record(sending.ledger, entries("second-try"), incident="second-try")

    async def chokes(received: Received) -> Answer:
        return Answer(500 if received.json["data"]["incident"] == "spam-saturday" else 200)

    server.answer = chokes
    await sending.round()

    assert [one.type for one in server.received if "second-try" in str(one.json)] == ALL
    assert len([one for one in server.received if "spam-saturday" in str(one.json)]) == 1


async def test_a_slow_endpoint_is_waited_for_no_longer_than_it_may_take(
    ledger: Database, server: EndpointServer
) -> None:
    await have_incident(ledger)
    requests = WebhookRequests(private=True, within=timedelta(milliseconds=200))
    sending = Sending(ledger, requests)
    await have_told(sending, server, 1)
    asked = asyncio.Event()

    async def hangs(_: Received) -> Answer:
        asked.set()
        await asyncio.Event().wait()
        return Answer()

    server.answer = hangs
    await sending.round()
    await requests.close()

    assert asked.is_set()
    (item,) = await reading.newest(ledger, "helpdesk", 9)
    assert (item.ended, item.status) == (AttemptEnd.NO_ANSWER, None)


async def test_an_answer_counts_though_its_body_breaks_off(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server, 1)

    async def breaks_off(_: Received) -> Answer:
        return Answer(200, {"Transfer-Encoding": "chunked"})

    server.answer = breaks_off
    assert await sending.round() is None
    (item,) = await reading.newest(sending.ledger, "helpdesk", 9)
    assert (item.state, item.status) == (ItemState.ACCEPTED, 200)


async def test_for_a_day_after_a_rotation_both_secrets_verify(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server, 1)
    key = endpoints.public_key_of(KEY)
    new = endpoint_secret.encrypted(NEW_SECRET, "helpdesk", key.public)
    now = datetime.now(UTC)
    await endpoints.rotate(sending.ledger, "helpdesk", new, key.key_id, "maya", now)
    await sending.round()
    both = server.received[0]
    assert Webhook(SECRET).verify(both.body, dict(both.headers))
    assert Webhook(NEW_SECRET).verify(both.body, dict(both.headers))

    sending.clock.passed = timedelta(hours=24)
    await items.replay(sending.ledger, "helpdesk", sending.clock(), since=now - timedelta(hours=1))
    await sending.round()
    assert len(server.received[1].headers["webhook-signature"].split(" ")) == 1


async def test_a_secret_that_another_key_encrypted_is_no_reason_to_send_unsigned(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server, 1)
    sending.activities = OutboxActivities(
        sending.ledger, STRANGER, WebhookRequests(private=True), sending.clock
    )

    assert await sending.round() is not None
    assert server.received == []
    (item,) = await reading.newest(sending.ledger, "helpdesk", 9)
    assert item.ended is AttemptEnd.NO_SECRET


async def test_an_address_that_somebody_broke_in_the_ledger_holds_up_nobody(
    sending: Sending, server: EndpointServer
) -> None:
    """The activity would fail for ever, and whatever else it sends with it."""
    await have_told(sending, server, 1)
    async with sending.ledger.write() as connection:
        await connection.execute(update(endpoint_rows).values(url="https://helpdesk:port/"))

    assert await sending.round() is not None
    (item,) = await reading.newest(sending.ledger, "helpdesk", 9)
    assert (item.state, item.ended) == (ItemState.WAITING, AttemptEnd.NOT_SENT)


async def test_of_an_endpoint_that_is_removed_nothing_is_left_to_send(
    sending: Sending, server: EndpointServer
) -> None:
    await have_told(sending, server)
    await endpoints.remove(sending.ledger, "helpdesk", "maya", sending.clock())

    assert await sending.round() is None
    assert server.received == []
