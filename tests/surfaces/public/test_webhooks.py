"""The receiver of delivery events: believes only what is signed, and counts each thing once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from domain.message import MessageClass
from domain.publication import PublicationState
from store.broadcasts import batch_outcomes, batches
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.progress import read_progress
from store.events import events
from store.kernel.database import Database
from store.people import suppressions
from surfaces.public.app import create_app
from surfaces.public.webhooks import BODY_LIMIT
from tests.channels.sendgrid.signing import AT, SIGNATURE, TIMESTAMP, SigningKey
from tests.store.world import address, have_broadcast, lose_answer, send, states
from tests.surfaces.public.provider import URL, SendGrid, service, told

BIG = b"[" + b" " * BODY_LIMIT + b"]"


@pytest.fixture
async def broadcast(ledger: Database) -> BroadcastRow:
    """Twenty customers in two batches; the provider accepted the first."""
    broadcast = await have_broadcast(ledger, 20)
    await send(ledger, broadcast, 1)
    return broadcast


@pytest.fixture
async def sendgrid(ledger: Database) -> AsyncIterator[SendGrid]:
    key = SigningKey()
    transport = httpx.ASGITransport(create_app(service(ledger, key)))
    async with httpx.AsyncClient(transport=transport, base_url="http://frontfoot") as http:
        yield SendGrid(http, key)


# --- what is recorded ---------------------------------------------------------------------------


async def test_what_became_of_each_mail_is_in_the_ledger(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    answer = await sendgrid.deliver(
        [told(broadcast, 1, "delivered"), told(broadcast, 2, "dropped"), told(broadcast, 3)]
    )
    assert (answer.status_code, answer.json()) == (200, {"new": 3, "duplicate": 0})
    assert await states(ledger, broadcast) == {
        "planned": 10,
        "accepted": 7,
        "delivered": 2,
        "dropped": 1,
    }


async def test_events_that_come_again_are_counted_once(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    once = [told(broadcast, 1), told(broadcast, 2)]
    await sendgrid.deliver(once + once)
    again = await sendgrid.deliver(once)
    assert (again.status_code, again.json()) == (200, {"new": 0, "duplicate": 2})
    assert (await states(ledger, broadcast))["delivered"] == 2


async def test_events_in_the_wrong_order_leave_the_mail_delivered(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    await sendgrid.deliver([told(broadcast, 1, "delivered")])
    await sendgrid.deliver([told(broadcast, 1, "processed")])
    assert (await states(ledger, broadcast))["delivered"] == 1


async def test_one_event_proves_that_a_batch_without_an_answer_went_out(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    await lose_answer(ledger, broadcast, 2)
    await sendgrid.deliver([told(broadcast, 11, "processed")])
    await batch_outcomes.settle_by_events(ledger, broadcast.id)
    found = await batches.find_batch(ledger, broadcast.id, 2)
    assert found.state is PublicationState.ACCEPTED


async def test_an_address_that_bounced_for_good_is_not_written_to_again(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    await sendgrid.deliver(
        [
            told(broadcast, 1, "bounce", type="bounce", reason="550 no such customer1"),
            told(broadcast, 2, "bounce", type="blocked"),
        ]
    )
    assert await suppressions.is_suppressed(ledger, address(1))
    assert not await suppressions.is_suppressed(ledger, address(2))


@pytest.mark.parametrize("word", ["spamreport", "unsubscribe", "group_unsubscribe"])
async def test_who_wants_no_more_of_it_gets_only_what_is_about_their_safety(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database, word: str
) -> None:
    answer = await sendgrid.deliver([told(broadcast, 1, word)])
    assert (answer.status_code, answer.json()["new"]) == (200, 1)
    assert await suppressions.is_suppressed(ledger, address(1), MessageClass.GOODWILL)
    assert not await suppressions.is_suppressed(ledger, address(1), MessageClass.SAFETY)


async def test_who_came_back_to_the_group_gets_everything_again(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    """Told in the wrong order: the return comes first, and was later."""
    await sendgrid.deliver([told(broadcast, 1, "group_resubscribe", timestamp=AT + 60)])
    await sendgrid.deliver([told(broadcast, 1, "group_unsubscribe")])
    assert not await suppressions.is_suppressed(ledger, address(1))


@pytest.mark.parametrize(
    "word", ["open", "click", "deferred", "account_status_change", "", "constructor"]
)
async def test_events_that_say_nothing_about_arrival_are_passed_over(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database, word: str
) -> None:
    answer = await sendgrid.deliver([told(broadcast, 1, word)])
    assert (answer.status_code, answer.json()["new"]) == (200, 0)
    assert await states(ledger, broadcast) == {"planned": 10, "accepted": 10}


async def test_events_of_somebody_elses_mail_are_passed_over(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    """The account sends receipts and newsletters too, and the webhook is told of all of them."""
    strange: list[object] = [
        {"event": "delivered", "email": "a@example.com", "timestamp": AT, "sg_event_id": "x"},
        told(broadcast, 1, ff_batch="order-4711", ff_delivery="line-2"),
        told(broadcast, 1, ff_batch=7, ff_delivery=None),
        told(broadcast, 1, sg_event_id=None),
        "delivered",
        None,
        [],
        {},
    ]
    answer = await sendgrid.deliver([*strange, told(broadcast, 2)])
    assert (answer.status_code, answer.json()["new"]) == (200, 1)
    assert await states(ledger, broadcast) == {"planned": 10, "accepted": 9, "delivered": 1}


@pytest.mark.parametrize(
    "timestamp",
    [None, "soon", [], {}, "nan", "inf", 1e300, -1e300, 253402300800, 9.5, "1382788800", True],
)
async def test_an_event_with_a_strange_time_proves_no_less(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database, timestamp: object
) -> None:
    """Events whose time could not be read were dropped, and a batch stayed unknown for it."""
    answer = await sendgrid.deliver([told(broadcast, 1, timestamp=timestamp)])
    assert answer.json() == {"new": 1, "duplicate": 0}
    assert (await states(ledger, broadcast))["delivered"] == 1


async def test_an_event_without_a_time_is_of_now(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    await lose_answer(ledger, broadcast, 2)
    event = told(broadcast, 11)
    del event["timestamp"]
    await sendgrid.deliver([event])
    await batch_outcomes.settle_by_events(ledger, broadcast.id)
    reached = await read_progress(ledger, broadcast.id)
    assert reached.last_accepted_at is not None
    assert datetime.now(UTC) - reached.last_accepted_at < timedelta(minutes=1)


# --- what is refused ----------------------------------------------------------------------------


async def test_a_signature_of_another_key_is_refused(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    body = orjson.dumps([told(broadcast, 1)])
    answer = await sendgrid.post(body, **SigningKey().headers(body))
    assert answer.status_code == 403
    assert await states(ledger, broadcast) == {"planned": 10, "accepted": 10}


async def test_who_is_refused_learns_no_name_of_a_setting_and_the_log_does(
    sendgrid: SendGrid, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await sendgrid.post_as(b"[]", "no signature")
    assert answer.status_code == 403
    assert "FRONTFOOT_" not in answer.text
    assert "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY" in caplog.text


async def test_a_body_that_was_altered_on_the_way_is_refused(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    signed = orjson.dumps([told(broadcast, 1, "processed")])
    altered = signed.replace(b'"processed"', b'"bounce"')
    answer = await sendgrid.post(altered, **sendgrid.key.headers(signed))
    assert answer.status_code == 403
    assert await states(ledger, broadcast) == {"planned": 10, "accepted": 10}


async def test_a_signature_with_another_timestamp_is_refused(
    sendgrid: SendGrid, broadcast: BroadcastRow
) -> None:
    answer = await sendgrid.post(orjson.dumps([told(broadcast, 1)]), **{TIMESTAMP: str(AT + 1)})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "no base64!",
        "AAAA",
        "MEUCIQ",
        "MEUCIQ==",
        "A" * 4000,
        "sch\u00f6n".encode(),
        b"\xff\xfe",
    ],
    ids=["none", "words", "not DER", "cut off", "cut off, padded", "long", "umlaut", "bytes"],
)
async def test_garbage_for_a_signature_is_refused_like_any_other(
    sendgrid: SendGrid, broadcast: BroadcastRow, signature: str | bytes
) -> None:
    """One with an umlaut in it was answered 500."""
    answer = await sendgrid.post_as(orjson.dumps([told(broadcast, 1)]), signature)
    assert answer.status_code == 403


async def test_a_delivery_without_any_signature_is_refused(sendgrid: SendGrid) -> None:
    assert (await sendgrid.http.post(URL, content=b"[]")).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,]", b"NaN", b'{"event": "delivered"}', b'"delivered"', b"7", b"null"]
)
async def test_a_signed_body_that_is_no_list_of_events_is_refused(
    sendgrid: SendGrid, body: bytes
) -> None:
    assert (await sendgrid.post(body)).status_code == 400


async def test_a_body_nested_without_end_is_refused(sendgrid: SendGrid) -> None:
    assert (await sendgrid.post(b"[" * 200_000)).status_code == 400


async def test_a_body_that_is_too_large_is_refused(sendgrid: SendGrid) -> None:
    assert (await sendgrid.post(BIG)).status_code == 413


async def test_a_body_without_an_end_is_not_read_to_its_end(sendgrid: SendGrid) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield b" " * 1024 * 1024

    answer = await sendgrid.in_pieces(endless())
    assert answer.status_code == 413
    assert sent < 20


@pytest.mark.parametrize(
    "headers",
    [{}, {SIGNATURE: "AAAA", TIMESTAMP: "1"}, {SIGNATURE: SigningKey().headers(b"")[SIGNATURE]}],
    ids=["no signature", "not one", "no timestamp"],
)
async def test_the_body_of_what_cannot_be_genuine_is_not_read(
    sendgrid: SendGrid, headers: dict[str, str]
) -> None:
    """150 of them at once, of 15 MB each, took 2 GB."""
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        sent += 1
        yield b"[]"

    answer = await sendgrid.http.post(URL, content=body(), headers=headers)
    assert (answer.status_code, sent) == (403, 0)


async def test_a_body_is_verified_piece_by_piece(
    sendgrid: SendGrid, broadcast: BroadcastRow
) -> None:
    body = orjson.dumps([told(broadcast, 1)])

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(0, len(body), 7):
            yield body[place : place + 7]

    headers = sendgrid.key.headers(body)
    answer = await sendgrid.http.post(URL, content=pieces(), headers=headers)
    assert answer.json() == {"new": 1, "duplicate": 0}


async def test_a_delivery_that_breaks_off_is_no_accident(ledger: Database) -> None:
    """It was answered with a traceback in the log, whenever a provider hung up."""
    key = SigningKey()
    app = create_app(service(ledger, key))
    said: list[MutableMapping[str, Any]] = []

    async def hang_up() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    async def say(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in key.headers(b"").items()]
    scope = {"type": "http", "method": "POST", "path": URL, "headers": headers, "query_string": b""}
    await app(scope, hang_up, say)
    assert said[0]["status"] == 400


async def test_looking_at_the_address_changes_nothing(sendgrid: SendGrid) -> None:
    assert (await sendgrid.http.get(URL)).status_code == 405
    assert (await sendgrid.http.get("/health")).json() == {"ok": True}


# --- how old a delivery may be ----------------------------------------------------------------


@pytest.fixture
async def strict(ledger: Database) -> AsyncIterator[SendGrid]:
    """A receiver that refuses what was signed more than ten minutes ago."""
    key = SigningKey()
    app = create_app(service(ledger, key, max_age=600))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://frontfoot"
    ) as http:
        yield SendGrid(http, key)


@pytest.mark.parametrize(
    ("seconds_ago", "status"), [(0, 200), (590, 200), (700, 403), (-700, 403), (86_400, 403)]
)
async def test_a_delivery_may_be_refused_for_its_age(
    strict: SendGrid, broadcast: BroadcastRow, seconds_ago: int, status: int
) -> None:
    body = orjson.dumps([told(broadcast, 1)])
    signed_at = str(int(datetime.now(UTC).timestamp()) - seconds_ago)
    answer = await strict.http.post(URL, content=body, headers=strict.key.headers(body, signed_at))
    assert answer.status_code == status


@pytest.mark.parametrize("timestamp", ["soon", "-5", "1e9", "٣"])
async def test_a_timestamp_that_is_no_number_is_no_age(strict: SendGrid, timestamp: str) -> None:
    headers = strict.key.headers(b"[]", timestamp)
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    answer = await strict.http.post(URL, content=b"[]", headers=sent)
    assert answer.status_code == 403


async def test_by_default_a_repeat_of_a_day_later_still_proves_its_batch(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    """A repeat may keep its first timestamp, and may be the only proof that mail went out."""
    await lose_answer(ledger, broadcast, 2)
    assert (await sendgrid.deliver([told(broadcast, 11, "processed")])).status_code == 200


# --- many at once -------------------------------------------------------------------------------


async def test_deliveries_that_come_at_once_are_each_told_their_own_counts(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    answers = await asyncio.gather(
        *(sendgrid.deliver([told(broadcast, n), told(broadcast, n % 10 + 1)]) for n in range(1, 11))
    )
    counts = [answer.json() for answer in answers]
    assert {answer.status_code for answer in answers} == {200}
    assert sum(one["new"] for one in counts) == 10
    assert all(one["new"] + one["duplicate"] == 2 for one in counts)
    assert (await states(ledger, broadcast))["delivered"] == 10


async def test_deliveries_that_come_at_once_share_a_transaction(
    sendgrid: SendGrid, broadcast: BroadcastRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    record = events.record_groups

    async def counting(db: Database, told: Sequence[Any]) -> list[events.Recorded]:
        groups.append(len(told))
        return await record(db, told)

    monkeypatch.setattr("store.events.events.record_groups", counting)
    await asyncio.gather(*(sendgrid.deliver([told(broadcast, n)]) for n in range(1, 21)))
    assert (sum(groups), len(groups) < 10) == (20, True)


async def test_one_delivery_that_cannot_be_entered_does_not_take_others_along(
    sendgrid: SendGrid,
    broadcast: BroadcastRow,
    ledger: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = events.record_groups

    async def picky(db: Database, told: Sequence[Any]) -> list[events.Recorded]:
        if any(event.id == "delivered-7" for group in told for event in group):
            raise RuntimeError("an event that nobody foresaw")
        return await record(db, told)

    monkeypatch.setattr("store.events.events.record_groups", picky)
    answers = await asyncio.gather(*(sendgrid.deliver([told(broadcast, n)]) for n in range(1, 11)))
    assert [answer.status_code for answer in answers] == [200] * 6 + [503] + [200] * 3
    assert (await states(ledger, broadcast))["delivered"] == 9


async def test_who_hangs_up_holds_nobody_else_up(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    told_to_all = [
        asyncio.create_task(sendgrid.deliver([told(broadcast, n)])) for n in range(1, 11)
    ]
    await asyncio.sleep(0)
    told_to_all[3].cancel()
    rest = await asyncio.gather(*told_to_all, return_exceptions=True)
    assert [one.status_code for one in rest if isinstance(one, httpx.Response)] == [200] * 9


# --- a ledger that is away ----------------------------------------------------------------------


async def test_events_that_cannot_be_kept_are_asked_for_again(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    await change(ledger, "ALTER TABLE delivery_events RENAME TO away")
    answer = await sendgrid.deliver([told(broadcast, 1)])
    await change(ledger, "ALTER TABLE away RENAME TO delivery_events")
    again = await sendgrid.deliver([told(broadcast, 1)])
    assert answer.status_code == 503
    assert (again.status_code, again.json()["new"]) == (200, 1)


async def test_a_delivery_is_kept_whole_or_not_at_all(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    """The bounce's suppression cannot be written: nothing before it may stay either."""
    await change(ledger, "ALTER TABLE suppressions RENAME TO away")
    bounced = told(broadcast, 2, "bounce", type="bounce")
    answer = await sendgrid.deliver([told(broadcast, 1), bounced])
    await change(ledger, "ALTER TABLE away RENAME TO suppressions")
    assert answer.status_code == 503
    assert await states(ledger, broadcast) == {"planned": 10, "accepted": 10}


async def test_what_nobody_foresaw_is_asked_for_again_and_not_shown(
    sendgrid: SendGrid,
    broadcast: BroadcastRow,
    ledger: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def mistaken(*_: object) -> None:
        raise RuntimeError("Key (mailbox)=(customer1@example.com) already exists.")

    monkeypatch.setattr("store.events.events.record_groups", mistaken)
    with caplog.at_level(logging.DEBUG):
        answer = await sendgrid.deliver([told(broadcast, 1)])
    assert answer.status_code == 503
    assert "customer1" not in answer.text + caplog.text


@pytest.mark.parametrize("signed", [True, False])
async def test_nobodys_address_is_in_the_log_or_in_an_answer(
    sendgrid: SendGrid,
    broadcast: BroadcastRow,
    ledger: Database,
    caplog: pytest.LogCaptureFixture,
    signed: bool,
) -> None:
    await change(ledger, "ALTER TABLE delivery_events RENAME TO away")
    wrong = {} if signed else {SIGNATURE: "AAAA"}
    body = orjson.dumps([told(broadcast, 1, timestamp="customer1@example.com")])
    with caplog.at_level(logging.DEBUG):
        answer = await sendgrid.post(body, **wrong)
    assert answer.is_error
    assert caplog.records
    assert "customer1" not in answer.text + caplog.text


async def change(ledger: Database, statement: str) -> None:
    async with ledger.write() as connection:
        await connection.execute(text(statement))
