"""One event that cannot be read costs no other: it is set aside as it came."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from sqlalchemy import select

from store.broadcasts.broadcasts import BroadcastRow
from store.events import set_aside
from store.kernel.database import Database
from store.people import suppression_list, suppressions
from store.tables import events_set_aside
from surfaces.public.app import create_app
from tests.channels.sendgrid.signing import AT, SigningKey
from tests.store.world import address, have_broadcast, send, states
from tests.surfaces.public.provider import SendGrid, service, told

STRANGER = "somebody@else.example.net"


@pytest.fixture
async def broadcast(ledger: Database) -> BroadcastRow:
    """Ten customers, and the provider accepted the mail to them."""
    broadcast = await have_broadcast(ledger, 10)
    await send(ledger, broadcast, 1)
    return broadcast


@pytest.fixture
async def sendgrid(ledger: Database) -> AsyncIterator[SendGrid]:
    key = SigningKey()
    transport = httpx.ASGITransport(create_app(service(ledger, key)))
    async with httpx.AsyncClient(transport=transport, base_url="http://frontfoot") as http:
        yield SendGrid(http, key)


def stranger(**fields: str) -> bytes:
    """A bounce of somebody else's mail, with fields as they stand in the body."""
    given = {
        "email": f'"{STRANGER}"',
        "event": '"bounce"',
        "type": '"bounce"',
        "sg_event_id": '"s1"',
        "timestamp": str(AT),
        **fields,
    }
    return ("{" + ",".join(f'"{name}":{value}' for name, value in given.items()) + "}").encode()


def body_of(*events: bytes) -> bytes:
    return b"[" + b",".join(events) + b"]"


async def kept(ledger: Database) -> list[bytes]:
    async with ledger.read() as connection:
        return list(await connection.scalars(select(events_set_aside.c.raw)))


BAD = {
    "half an emoji": stranger(reason=r'"550 mailbox \ud83d"'),
    "the other half": stranger(reason=r'"\ude00 full"'),
    "half an emoji in a name": stranger().replace(b'"timestamp"', rb'"time\ud83dstamp"'),
    "half an emoji in the id": stranger(sg_event_id=r'"\ud83d"'),
    "Latin-1": stranger().replace(b'"s1"', b'"s1","reason":"bo\xeete pleine"'),
    "UTF-16": stranger().replace(b'"s1"', b'"s1","reason":"' + "é".encode("utf-16") + b'"'),
    "an encoded surrogate": stranger().replace(b'"s1"', b'"s1","reason":"\xed\xa0\xbd"'),
    "a bare control character": stranger(reason='"line\x01one"'),
    "a bare line break": stranger(reason='"line\none"'),
    "a bare NUL": stranger(reason='"line\0one"'),
    "a wrong escape": stranger(reason=r'"\x41"'),
    "NaN": stranger(timestamp="NaN"),
    "infinity": stranger(timestamp="-Infinity"),
    "a word without quotes": stranger(timestamp="tomorrow"),
    "nested without end": b'{"event":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "null": b"null",
    "a number": b"7",
    "a text": b'"bounce"',
    "a list": b"[[]]",
    "an event that is a number": stranger(event="5"),
    "an event that is an object": stranger(event='{"name":"bounce"}'),
    "an id that is a number": stranger(sg_event_id="12"),
    "no id": stranger(sg_event_id="null"),
    "an address that is an object": stranger(email='{"to":"a@example.org"}'),
    "an address without end": stranger(email='"' + "a" * 5_000 + '@example.org"'),
    "a type that is a list": stranger(type='["bounce"]'),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_bad_event_costs_no_other(
    sendgrid: SendGrid,
    broadcast: BroadcastRow,
    ledger: Database,
    caplog: pytest.LogCaptureFixture,
    bad: bytes,
    place: int,
) -> None:
    """Half an emoji in a stranger's reason had the whole delivery refused."""
    events = [
        orjson.dumps(told(broadcast, 1, "bounce", type="bounce")),
        orjson.dumps(told(broadcast, 2, reason="über, \U0001f4e7")),
    ]
    events.insert(place, bad)
    with caplog.at_level(logging.INFO):
        answer = await sendgrid.post(body_of(*events))
    assert (answer.status_code, answer.json()) == (
        200,
        {"new": 2, "duplicate": 0, "set_aside": 1},
    )
    assert await states(ledger, broadcast) == {"accepted": 8, "bounced": 1, "delivered": 1}
    assert await suppressions.is_suppressed(ledger, address(1))
    assert await kept(ledger) == [bad[: set_aside.LONGEST]]
    [line] = [one for one in caplog.records if one.name == "frontfoot.webhooks"]
    assert STRANGER not in line.getMessage()


async def test_what_a_damaged_event_of_ours_proves_is_recorded_all_the_same(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    """The words of a mail server are not worth losing a hard bounce for."""
    bounce = orjson.dumps(told(broadcast, 3, "bounce", type="bounce", reason="boite"))
    answer = await sendgrid.post(body_of(bounce.replace(b"boite", b"bo\xeete")))
    assert answer.json() == {"new": 1, "duplicate": 0, "set_aside": 1}
    assert await suppressions.is_suppressed(ledger, address(3))


async def test_a_bad_event_that_comes_again_is_kept_once(
    sendgrid: SendGrid, ledger: Database
) -> None:
    for _ in range(3):
        await sendgrid.post(body_of(stranger(sg_event_id="12")))
    assert await set_aside.count(ledger) == 1


@pytest.mark.parametrize(
    "body", [b'{"event": "delivered"}', b"[1,]", b"[" * 200_000, b'[{"event"}', b"[}", b"\xff"]
)
async def test_a_signed_body_that_is_no_list_is_kept_and_asked_for_again(
    sendgrid: SendGrid, ledger: Database, body: bytes
) -> None:
    statuses = [(await sendgrid.post(body)).status_code for _ in range(2)]
    assert (statuses, await kept(ledger)) == ([400, 400], [body[: set_aside.LONGEST]])


async def test_nothing_that_nobody_signed_is_kept(sendgrid: SendGrid, ledger: Database) -> None:
    answer = await sendgrid.post_as(body_of(stranger(sg_event_id="12")), "AAAA")
    assert (answer.status_code, await kept(ledger)) == (403, [])


@pytest.mark.parametrize("field", ["sg_event_id", "ff_batch", "ff_delivery", "type", "event"])
async def test_a_nul_is_left_out(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database, field: str
) -> None:
    event = told(broadcast, 1, "bounce", type="bounce")
    event[field] = f"{str(event[field])[:3]}\0{str(event[field])[3:]}"
    for new in (1, 0):
        answer = await sendgrid.deliver([event])
        assert (answer.status_code, answer.json()) == (200, {"new": new, "duplicate": 1 - new})
    assert await suppressions.is_suppressed(ledger, address(1))


@pytest.mark.parametrize(
    "timestamp",
    ["1e999", "9" * 5_000, "-1", "0", "1e18", "32503680000", '"soon"', "null", "{}", "[1]", "true"],
)
async def test_a_time_that_cannot_be_is_the_time_of_arrival(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database, timestamp: str
) -> None:
    event = orjson.dumps(told(broadcast, 1, timestamp=0)).replace(
        b'"timestamp":0', b'"timestamp":' + timestamp.encode()
    )
    answer = await sendgrid.post(body_of(event, orjson.dumps(told(broadcast, 2))))
    assert (answer.status_code, answer.json()["new"]) == (200, 2)
    assert (await states(ledger, broadcast))["delivered"] == 2


async def test_ids_that_are_too_long_are_told_apart(
    sendgrid: SendGrid, broadcast: BroadcastRow
) -> None:
    events = [told(broadcast, n, sg_event_id="x" * 10_000 + str(n)) for n in (1, 1, 2)]
    assert (await sendgrid.deliver(events)).json() == {"new": 2, "duplicate": 1}


async def test_a_mark_that_is_out_of_range_is_not_one_of_ours(
    sendgrid: SendGrid, broadcast: BroadcastRow
) -> None:
    strange = told(broadcast, 1, ff_batch=f"{broadcast.key}.99999999999.99999")
    answer = await sendgrid.deliver([strange, told(broadcast, 2)])
    assert (answer.status_code, answer.json()["new"]) == (200, 1)


async def test_an_event_that_the_ledger_does_not_take_costs_no_other(
    sendgrid: SendGrid,
    broadcast: BroadcastRow,
    ledger: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from store.events import events

    record = events.record_groups

    async def picky(db: Database, groups: object) -> list[events.Recorded]:
        if any(event.id == "delivered-7" for group in groups for event in group):  # type: ignore[attr-defined]
            raise RuntimeError("an event that nobody foresaw")
        return await record(db, groups)  # type: ignore[arg-type]

    monkeypatch.setattr("store.events.events.record_groups", picky)
    answer = await sendgrid.deliver([told(broadcast, n) for n in range(1, 11)])
    assert answer.json() == {"new": 9, "duplicate": 0, "set_aside": 1}
    assert (await states(ledger, broadcast))["delivered"] == 9


# --- an address, and no mark of ours --------------------------------------------------------------


async def test_a_bounce_hours_later_has_lost_our_marks_and_counts(
    sendgrid: SendGrid, broadcast: BroadcastRow, ledger: Database
) -> None:
    """Nothing was recorded, and the address was written to again and again."""
    event = {
        "email": address(3).upper(),
        "timestamp": AT,
        "status": "5.1.10",
        "reason": "550 5.1.10 recipient not found",
        "sg_message_id": "",
        "sg_event_id": "async1",
        "type": "bounce",
        "event": "bounce",
    }
    answers = [(await sendgrid.deliver([event])).json() for _ in range(2)]
    assert answers == [{"new": 1, "duplicate": 0}, {"new": 0, "duplicate": 1}]
    assert await suppressions.is_suppressed(ledger, address(3))
    [counted] = await suppression_list.counts(ledger)
    assert (counted.reason, counted.source) == ("bounced", "event without mark")


@pytest.mark.parametrize(
    ("fields", "suppressed"),
    [
        ({"event": "bounce", "type": "bounce"}, ["goodwill", "safety"]),
        ({"event": "bounce", "type": "blocked"}, []),
        ({"event": "bounce"}, []),
        ({"event": "spamreport"}, ["goodwill"]),
        ({"event": "unsubscribe"}, ["goodwill"]),
        ({"event": "group_unsubscribe"}, []),
        ({"event": "dropped", "reason": "Bounced Address"}, []),
        ({"event": "deferred"}, []),
    ],
)
async def test_what_an_event_with_an_address_alone_asks_for(
    sendgrid: SendGrid, ledger: Database, fields: dict[str, str], suppressed: list[str]
) -> None:
    from domain.message import MessageClass

    event = {"email": STRANGER, "sg_event_id": "e1", "timestamp": AT, **fields}
    assert (await sendgrid.deliver([event])).status_code == 200
    found = [
        one.value
        for one in sorted(MessageClass)
        if await suppressions.is_suppressed(ledger, STRANGER, one)
    ]
    assert found == suppressed


async def test_an_address_that_cannot_be_one_is_passed_over(
    sendgrid: SendGrid, ledger: Database
) -> None:
    event = {"email": "nobody", "event": "bounce", "type": "bounce", "sg_event_id": "e1"}
    assert (await sendgrid.deliver([event])).json()["new"] == 0
    assert await suppression_list.counts(ledger) == []
