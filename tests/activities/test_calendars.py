"""Calendars over HTTP into the ledger, and whom the response then finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.calendars import READ_EVERY, CalendarReading
from activities.on_call import OnCallActivities
from activities.signatures.on_call import FindPeople, FoundPeople
from domain.calendar import KeptCalendar
from domain.people import People
from domain.playbook_files import examine_playbook
from domain.severity import Severity
from store.files.people_file import people_of
from store.kernel.database import Database
from store.people import calendars
from store.record import incidents, playbooks
from store.recovery import snapshots

FILE = """
people:
  - {id: ann, roles: [legal], deputies: [cid], contact: [{name: mail, kind: mail, secret: MAIL_A}]}
  - {id: ben, roles: [legal], contact: [{name: mail, kind: mail, secret: MAIL_B}]}
  - {id: cid, roles: [legal], contact: [{name: browser, kind: web_push}],
     quiet_hours: {from: "00:00", to: "23:59"}, zone: UTC}
  - {id: dee, roles: [founder]}
on_call:
  legal:
    zone: UTC
    ical: LEGAL_CALENDAR
"""
PLAN = """
name: outage
title: Outage
company: C
messages:
  announcement:
    channels: [square]
    gate: {roles: [legal]}
"""


class CalendarServer:
    """Answers every request with ``status``, and ``body`` as often as ``times``."""

    def __init__(self) -> None:
        self.status, self.body, self.times = 200, b"", 1
        self.asked = 0
        self.sent = 0
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        writer.write(f"HTTP/1.1 {self.status} X\r\nConnection: close\r\n\r\n".encode())
        try:
            for _ in range(self.times):
                writer.write(self.body)
                await writer.drain()
                self.sent += len(self.body)
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass

    def shifts(self, *people: str, summary: str = "SUMMARY") -> None:
        """Publish a calendar in which each is on call from yesterday till tomorrow."""
        begin, end = (datetime.now(UTC) + timedelta(days=one) for one in (-1, 1))
        lines = ["BEGIN:VCALENDAR"]
        for one in people:
            lines += ["BEGIN:VEVENT", f"DTSTART:{begin:%Y%m%dT%H%M%SZ}"]
            lines += [f"DTEND:{end:%Y%m%dT%H%M%SZ}", f"{summary}:{one}", "END:VEVENT"]
        self.body = "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


class World:
    """A ledger, a folder with people and a plan, and the server of their calendar."""

    def __init__(self, ledger: Database, folder: Path, server: CalendarServer) -> None:
        self.ledger, self.folder, self.server = ledger, folder, server
        self.reading = CalendarReading(ledger, folder)
        self.now = datetime.now(UTC)

    @property
    def people(self) -> People:
        people = people_of(self.folder, "outage")
        assert people is not None
        return people

    async def read(self, later: timedelta = timedelta()) -> KeptCalendar:
        self.now += later
        await self.reading.read_those_due(self.now)
        return (await calendars.of_people(self.ledger, self.people))["legal"]

    async def find(self, severity: Severity | None = None, besides: str = "") -> FoundPeople:
        order = FindPeople(
            incident="site-down",
            roles=("legal",),
            besides=(besides,) if besides else (),
            severity=severity,
        )
        return await OnCallActivities(self.ledger, self.folder).find_people(order)


@pytest.fixture
async def world(
    ledger: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    server = CalendarServer()
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    monkeypatch.setenv(
        "FRONTFOOT_CONTACT_LEGAL_CALENDAR", f"http://127.0.0.1:{server.port}/private-9f3a.ics"
    )
    monkeypatch.setenv("FRONTFOOT_CONTACT_MAIL_A", "mailto:ann@example.com")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "plans"
    (folder / "outage").mkdir(parents=True)
    (folder / "people.yaml").write_text(FILE)
    (folder / "outage" / "playbook.yaml").write_text(PLAN)
    made = World(ledger, folder, server)
    yield made
    await made.reading.close()
    listening.close()
    await listening.wait_closed()


async def opened(world: World) -> None:
    """An incident with the files as they are, as the ledger has it after its first entry."""
    files = {
        "people.yaml": (world.folder / "people.yaml").read_text(),
        "playbook.yaml": PLAN,
        "announcement.square.j2": "We are down.",
    }
    plan = examine_playbook(files).plan
    assert plan is not None
    digest = await playbooks.save_snapshot(world.ledger, "outage", files)
    await incidents.register(world.ledger, "site-down", "Down", "outage", (), world.now)
    await snapshots.keep_plan(world.ledger, "site-down", plan.model_dump_json())
    state = json.dumps({"templates": digest})
    await snapshots.keep_state(world.ledger, "site-down", 1, state)


async def test_who_is_on_call_is_found_by_the_calendar_and_who_can_be_reached(
    world: World,
) -> None:
    await opened(world)
    world.server.shifts("mailto:ann@example.com", summary="ATTENDEE")
    kept = await world.read()
    assert (kept.problem, [one.people for one in kept.events]) == ("", [("ann",)])
    assert "example.com" not in kept.model_dump_json()

    found = await world.find()
    assert (found.on_call, found.deputies, found.others) == (("ann",), ("cid",), ("ben",))
    # The secret of ben's only method is not set here; cid sleeps, which counts at severity 2.
    assert found.unreachable == ("ben",)
    assert set((await world.find(Severity.MAJOR)).unreachable) == {"ben", "cid"}
    assert (await world.find(Severity.CRITICAL)).unreachable == ("ben",)
    assert (await world.find(besides="ann")).on_call == ()
    assert (await world.find(besides="ann")).deputies == ("cid",)


async def test_a_failing_reading_keeps_the_last_good_one_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.server.shifts("ann")
    good = await world.read()
    assert world.server.asked == 1
    assert (await world.read(READ_EVERY / 2)).read_at == good.read_at
    assert world.server.asked == 1

    chunk, whole = world.server.body, world.server.times
    for status, body, times, said in (
        (500, b"", 1, "Its server answered 500."),
        (302, b"", 1, "Its address leads to another one."),
        (200, b"<html>Sign in</html>", 1, "no calendar in the iCalendar format"),
        (200, b"x" * 100_000, 1_000, "larger than 10,000,000 bytes"),
    ):
        world.server.status, world.server.body, world.server.times = status, body, times
        kept = await world.read(READ_EVERY)
        assert said in kept.problem
        assert kept.next_step
        assert "private-9f3a" not in kept.model_dump_json()
        assert (kept.events, kept.read_at) == (good.events, good.read_at)
    # It was not taken to its end.
    assert world.server.sent < 30_000_000
    monkeypatch.setenv(
        "FRONTFOOT_CONTACT_LEGAL_CALENDAR", "ftp://calendar.example/private-9f3a.ics"
    )
    assert "no https:// address" in (await world.read(READ_EVERY)).problem
    monkeypatch.delenv("FRONTFOOT_CONTACT_LEGAL_CALENDAR")
    assert "no secret LEGAL_CALENDAR" in (await world.read(READ_EVERY)).problem
    monkeypatch.setenv("FRONTFOOT_CONTACT_LEGAL_CALENDAR", f"http://127.0.0.1:{world.server.port}/")
    world.server.status, world.server.body, world.server.times = 200, chunk, whole
    assert (await world.read(READ_EVERY)).problem == ""


async def test_a_schedule_that_is_edited_counts_at_once_and_so_does_a_person_who_left(
    world: World,
) -> None:
    await opened(world)
    file = world.folder / "people.yaml"
    assert (await world.find()).on_call == ()
    by_layer = "layers: [{people: [ben]}]"
    file.write_text(FILE.replace("ical: LEGAL_CALENDAR", by_layer))
    assert (await world.find()).on_call == ("ben",)

    # In the middle of an edit nobody is forgotten: the opening's own file serves until it is right.
    file.write_text(FILE.replace("zone: UTC\n    ical", "zone: Mars\n    ical"))
    halfway = await world.find()
    assert halfway.others == ("ann", "ben", "cid")

    gone = "\n".join(line for line in FILE.split("\n") if "id: ben" not in line)
    # Whoever is new has no part in an incident that was opened without them.
    gone = gone.replace("on_call:", "  - {id: new, roles: [legal]}\non_call:")
    gone = gone.replace("roles: [founder]", "roles: [legal]")
    file.write_text(gone)
    found = await world.find()
    assert found.others == ("ann", "cid")
