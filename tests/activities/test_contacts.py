"""Each kind of contact method against a stand-in: mail, a browser's push service, and a room."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from activities.outbox import OutboxActivities
from activities.webhook_request import WebhookRequests
from channels.notifying.own_mail import OwnMail
from channels.notifying.push import Push
from channels.notifying.services import Services
from channels.smtp.settings import SmtpSettings
from domain.contact import ContactKind, ContactMethod
from domain.notification_words import Wording
from domain.notifications import DeliveryEnd
from domain.outbox import AttemptEnd, ItemState
from domain.people import Member
from domain.room import room_name
from store.kernel.database import Database
from store.notifications import devices, reading
from store.outbox import reading as waiting
from store.outbox import rooms
from tests.activities.outbox_rounds import Sending
from tests.channels.smtp.smtp_world import mail_server
from tests.endpoint import Answer, Received
from tests.notifying import INCIDENT, NOON, House, house, member
from tests.outbox import entries, have_incident, record
from tests.push_service import Browser
from tests.sealing import KEY, STRANGER

WORDING = Wording(title="t", text="x", link="http://localhost:8092/n/K7QXM2PD", code="K7QXM2PD")
PUSH = ContactMethod(name="browser", kind=ContactKind.WEB_PUSH)
MAIL = ContactMethod(name="mail", kind=ContactKind.MAIL, secret="NOOR_MAIL")
ROOM = room_name("CREW_CHAT")


@pytest.fixture
async def home(ledger: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with house(ledger, tmp_path / "secrets") as made:
        yield made


async def test_a_notification_goes_by_mail_over_the_houses_own_server(
    ledger: Database, tmp_path: Path
) -> None:
    async with mail_server() as server:
        settings = SmtpSettings(
            host="127.0.0.1", port=server.port, security="none", from_address="ops@example.com"
        )
        async with house(ledger, tmp_path / "secrets", OwnMail(settings)) as home:
            home.people = [Member(id="noor", roles=("founder",), contact=(MAIL,))]
            (home.folder / "NOOR_MAIL").write_text("noor@example.com\n")
            assert (await home.notify("noor")).unreachable == ()
            await home.after()
            (taken,) = server.taken
            assert (taken.sender, taken.recipient) == ("ops@example.com", "noor@example.com")
            assert taken.mail["Subject"] == "Your decision is needed: spam-saturday"
            assert taken.mail["Auto-Submitted"] == "auto-generated"
            code = await home.code("noor")
            assert f"http://localhost:8092/n/{code}" in taken.part("plain")


async def test_without_a_server_mail_is_no_way_to_reach_anybody(home: House) -> None:
    home.people = [Member(id="noor", roles=("founder",), contact=(MAIL,))]
    (home.folder / "NOOR_MAIL").write_text("noor@example.com")
    assert (await home.notify("noor")).unreachable == ("noor",)
    (problem,) = await home.contacts.problems(home.people)
    assert problem.why is DeliveryEnd.NO_SERVER


async def test_a_push_reaches_each_browser_and_one_that_is_gone_is_forgotten(home: House) -> None:
    home.people = [Member(id="noor", roles=("founder",), contact=(PUSH,))]
    assert (await home.notify("noor", step="first")).unreachable == ("noor",)
    key, here = await devices.public_key(home.ledger), f"http://localhost:{home.server.port}"
    phone, laptop, old = Browser(), Browser(), Browser()
    await devices.add(home.ledger, phone.device("noor", f"{here}/phone", key))
    await devices.add(home.ledger, laptop.device("noor", f"{here}/laptop", key))
    await devices.add(home.ledger, old.device("noor", f"{here}/old", "of a key before"))

    async def answer(received: Received) -> Answer:
        return Answer(410 if received.path == "/laptop" else 201)

    home.server.answer = answer
    assert (await home.notify("noor")).unreachable == ()
    assert sorted(await home.after(timedelta(minutes=6))) == ["/laptop", "/phone"]
    to_phone = next(one for one in home.server.received if one.path == "/phone")
    told = phone.opened(to_phone.body)
    assert told["url"] == f"http://localhost:8092/n/{await home.code('noor')}"
    assert set(told) == {"title", "body", "url"}
    assert to_phone.headers["urgency"] == "high"
    assert int(to_phone.headers["ttl"]) > 0
    assert f"k={key}" in to_phone.headers["authorization"]
    left = {one.endpoint for one in await devices.of_people(home.ledger, ["noor"])}
    assert left == {f"{here}/phone", f"{here}/old"}


async def test_nothing_is_pushed_into_a_private_network(home: House) -> None:
    requests = WebhookRequests(private=False)
    browser = Browser()
    push = Push(requests.post, b"\x01" * 32, "mailto:ops@example.com")
    sent = await push.send(
        f"http://localhost:{home.server.port}/phone", browser.p256dh, browser.auth, WORDING, NOON
    )
    await requests.close()
    assert (sent.end, sent.gone) == (DeliveryEnd.PRIVATE, False)
    assert home.server.received == []


async def test_no_log_has_the_address_of_a_service(
    home: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="apprise")
    home.has(member("noor", "phone"))
    home.down = {"/noor/phone"}
    await home.notify("noor")
    await home.after()
    assert len(home.server.received) == 1
    assert "/noor/phone" not in "".join(one.getMessage() for one in caplog.records)


async def test_the_key_by_which_browsers_know_us_is_made_once_and_survives_a_new_record_key(
    ledger: Database,
) -> None:
    first = await devices.private_key(ledger, KEY, NOON)
    assert await devices.private_key(ledger, KEY, NOON) == first
    await devices.encrypt_again(ledger, KEY, STRANGER)
    assert await devices.private_key(ledger, STRANGER, NOON) == first
    # Who has lost the key begins anew.
    assert await devices.private_key(ledger, KEY, NOON) != first


class Room:
    """A room of the team at the stand-in, told by the outbox of a worker."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.sending = Sending(home.ledger, WebhookRequests(private=True))
        self.sending.activities = OutboxActivities(
            home.ledger,
            KEY,
            WebhookRequests(private=True),
            self.sending.clock,
            home.contacts.tell_room,
        )

    async def opens(self) -> None:
        """Have it be told from now on."""
        where = f"json://127.0.0.1:{self.home.server.port}/crew"
        (self.home.folder / "CREW_CHAT").write_text(where)
        await have_incident(self.home.ledger)
        await rooms.keep(self.home.ledger, ["CREW_CHAT"], NOON)

    @property
    def lines(self) -> list[str]:
        """What it was told."""
        return [one.json["message"] for one in self.home.server.received if one.path == "/crew"]


async def test_a_room_is_told_each_thing_in_one_line_and_none_twice(home: House) -> None:
    room = Room(home)
    await room.opens()
    for _ in range(2):
        await record(home.ledger, entries(), at=room.sending.clock())
        await room.sending.round(ROOM)
    link = f"https://console.example.com/incidents/{INCIDENT}"
    assert room.lines == [
        f"[{INCIDENT}] {one} {link}"
        for one in (
            "Incident opened by maya: Spam was posted through some customers' accounts.",
            "Message 1 (announcement) was proposed by maya.",
            "Message 1 was approved by noor.",
            "Message 1 on twitter: accepted.",
            "Message 1 is out.",
            "The next public update is promised by 13:00 UTC.",
            "Message 1 on email to customers: accepted.",
            "Incident closed by maya.",
        )
    ]


async def test_a_room_hears_who_is_asked(home: House) -> None:
    room = Room(home)
    await room.opens()
    home.has(member("noor", "phone"), member("kim", "phone"))
    for _ in range(2):
        await home.notify("noor", "kim")
    assert home.rooms_started == [ROOM]
    await room.sending.round(ROOM)
    assert room.lines == [
        f"[{INCIDENT}] Message 3 waits for a decision. Asked: noor, kim. "
        f"http://localhost:8092/incidents/{INCIDENT}"
    ]


async def test_a_line_that_a_room_may_have_is_not_repeated_and_that_is_told(home: House) -> None:
    room = Room(home)
    await room.opens()
    await record(home.ledger, entries()[:2], at=room.sending.clock())
    home.hangs = {"/crew"}
    await room.sending.round(ROOM)
    assert len(home.server.received) == 2
    home.hangs = set()
    room.sending.clock.passed += timedelta(hours=2)
    assert await room.sending.round(ROOM) is None
    assert len(home.server.received) == 2
    newest = await waiting.newest(home.ledger, ROOM, 9)
    assert {(one.state, one.ended) for one in newest} == {
        (ItemState.SET_ASIDE, AttemptEnd.IN_DOUBT)
    }


async def test_a_room_that_refuses_holds_up_nobody_and_is_told_later(home: House) -> None:
    room = Room(home)
    await room.opens()
    home.has(member("noor", "phone"))
    home.down = {"/crew"}
    await record(home.ledger, entries()[:1], at=room.sending.clock())
    await room.sending.round(ROOM)
    await home.notify("noor")
    assert await home.after() == ["/noor/phone"]
    home.down = set()
    room.sending.clock.passed += timedelta(minutes=1)
    await room.sending.round(ROOM)
    assert len([one for one in home.server.received if one.path == "/crew"]) >= 2
    assert (await waiting.backlogs(home.ledger)).get(ROOM) is None
    # A room that is in the settings no more is forgotten.
    await rooms.keep(home.ledger, [], NOON)
    assert await waiting.newest(home.ledger, ROOM, 9) == []
    assert await reading.of_incident(home.ledger, INCIDENT) != []


async def test_calls_that_hang_leave_room_for_no_more_than_so_many() -> None:
    services = Services(timedelta(milliseconds=1))
    services._room.acquire()
    for _ in range(63):
        services._room.acquire()
    assert await services.send("json://127.0.0.1:9/x", "t", "x") is DeliveryEnd.NO_ANSWER
