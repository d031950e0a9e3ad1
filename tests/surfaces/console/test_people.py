"""The people's pages: who is on call now and later, in the reader's zone, and what to look at."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import CalendarEvent, calendar_key
from domain.people import People
from domain.playbook_files import read_people
from store.people import calendars
from tests.surfaces.console.conftest import Console
from tests.surfaces.console.houses import House

ON_CALL = """
on_call:
  legal:
    zone: Asia/Kolkata
    layers:
      - {people: [ada], from: "10:00", to: "09:00"}
    overrides:
      - {person: rest, from: 2020-01-01, to: 2020-01-02}
  night:
    roles: [legal]
    zone: UTC
    ical: NIGHTS
"""


@pytest.fixture
def house(console: Console, tmp_path: Path) -> House:
    """People with a schedule and a calendar that nobody has read."""
    house = House(console, tmp_path)
    house.has(
        ada="roles: [legal], deputies: [ben], zone: America/New_York, "
        "contact: [{name: phone, kind: apprise, secret: ADA_PHONE}]",
        ben="roles: [legal], zone: Asia/Kolkata",
    )
    house.file.write_text(house.file.read_text() + ON_CALL)
    return house


def told(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_the_roster_says_who_is_on_call_how_they_are_reached_and_what_to_look_at(
    console: Console, house: House
) -> None:
    await console.sign_in("ada")
    answer = await console.browser.get("/people")
    page = told(answer.text)
    assert answer.status_code == 200
    assert "Nobody is on call as legal" in page
    assert "The calendar of night has not been read yet." in page
    assert re.search(r"Ada has no second contact method\. +somebody would wait", page)
    assert "ADA_PHONE" not in answer.text
    assert "Reached by phone" in page
    assert re.search(r"Where America/New_York, \d\d:\d\d now", page)
    ready = told((await console.browser.get("/readiness")).text)
    assert "people: contact does not work" in ready


async def test_the_calendar_is_in_the_readers_zone_and_in_utc(
    console: Console, house: House
) -> None:
    people, _ = read_people({"people.yaml": house.file.read_text()})
    assert isinstance(people, People)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    key = calendar_key("night", people.on_call["night"])
    event = CalendarEvent(begins=now, ends=now + timedelta(hours=2), people=("ben",))
    ledger = await console.engine.ledger()
    await calendars.take(ledger, key, "night", now, now)
    await calendars.keep(ledger, key, [event], now)

    await console.sign_in("ada")
    page = told((await console.browser.get("/people/calendar?zone=Asia/Kolkata")).text)
    assert "those of Asia/Kolkata, with UTC where it differs" in page
    # The gap of an hour a day, which is 03:30 to 04:30 in UTC.
    assert page.count("Nobody 09:00 – 10:00 03:30 – 04:30 UTC") == 28
    own = told((await console.browser.get("/people/calendar")).text)
    assert "those of America/New_York" in own
    here = now.astimezone(ZoneInfo("America/New_York"))
    assert f"Ben {here:%H:%M} –" in own
    wrong = told((await console.browser.get("/people/calendar?zone=Mars")).text)
    assert "&#39;Mars&#39; is no time zone." in wrong
    assert "Shown is America/New_York." in wrong


async def test_a_file_that_cannot_be_used_is_said_with_its_line(
    console: Console, house: House
) -> None:
    await console.sign_in("ada")
    house.file.write_text(house.file.read_text().replace("Asia/Kolkata\n", "Asia/Kolkatta\n"))
    answer = await console.browser.get("/people")
    assert "Did you mean Asia/Kolkata?" in answer.text
