"""Calendars as others write them: repeating events, changed clocks, and files that are none."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar import CalendarEvent
from domain.people import People
from store.files.calendar_file import REPEATING_LIMIT, CalendarUnusable, read_calendar

PEOPLE = People.model_validate(
    {
        "people": [
            {"id": "ann", "name": "Ann Lee", "roles": ["legal"]},
            {"id": "ben", "name": "Benoît d’Arc", "roles": ["legal"]},
        ]
    }
)
BEGIN = datetime(2026, 10, 19, tzinfo=UTC)
END = BEGIN + timedelta(weeks=3)


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test"]
    for number, event in enumerate(events):
        stamp = "DTSTAMP:20260101T000000Z"
        lines += ["BEGIN:VEVENT", f"UID:{number}", stamp, *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(content: bytes, zone: str = "Europe/London") -> list[CalendarEvent]:
    return read_calendar(content, zone, PEOPLE, {"ann": "ann@example.com"}, BEGIN, END)


def test_a_shift_that_repeats_is_on_the_walls_time_across_a_change_of_the_clocks() -> None:
    found = read(
        calendar(
            "DTSTART;TZID=Europe/London:20260921T090000\nDTEND;TZID=Europe/London:20260928T090000\n"
            "RRULE:FREQ=WEEKLY;INTERVAL=2\nSUMMARY:On call: Ann Lee",
            "DTSTART;TZID=Europe/London:20260928T090000\nDTEND;TZID=Europe/London:20261005T090000\n"
            "RRULE:FREQ=WEEKLY;INTERVAL=2\nSUMMARY:ben (primary)",
        )
    )
    for before, after in itertools.pairwise(found):
        assert before.ends == after.begins
    [change] = [one for one in found if one.begins.date().isoformat() == "2026-10-19"]
    assert change.people == ("ann",)
    assert change.ends - change.begins == timedelta(days=7, hours=1)
    assert [one.people for one in found if one.begins > BEGIN] == [
        ("ann",), ("ben",), ("ann",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "people"),
    [
        ("SUMMARY:Benoît d’Arc is on", ("ben",)),
        ("SUMMARY:BEN + Ann", ("ann", "ben")),
        ("SUMMARY:benjamin and annabel", ()),
        ("SUMMARY:Duty\nATTENDEE;CN=Ann Lee:mailto:someone@example.com", ("ann",)),
        ("SUMMARY:Duty\nATTENDEE:MAILTO:Ann@Example.com", ("ann",)),
        ("SUMMARY:Duty\nATTENDEE:mailto:x@y.z\nATTENDEE;CN=ben:mailto:b@y.z", ("ben",)),
        # Long lines are folded, in the middle of an address.
        ("SUMMARY:Duty\nATTENDEE;ROLE=REQ-PARTICIPANT:mailto:ann@exa\n mple.com", ("ann",)),
        ("DESCRIPTION:ann", ()),
    ],
)
def test_whom_an_event_names(event: str, people: tuple[str, ...]) -> None:
    [found] = read(calendar(f"DTSTART:20261020T090000Z\nDTEND:20261020T170000Z\n{event}"))
    assert sorted(found.people) == list(people)


def test_days_and_times_without_a_zone_are_the_schedules() -> None:
    found = read(
        calendar(
            "DTSTART;VALUE=DATE:20261025\nSUMMARY:ann",
            "DTSTART:20261026T090000\nDURATION:PT8H\nSUMMARY:ben",
            "DTSTART:20261027T090000Z\nDTEND:20261027T100000Z\nSTATUS:CANCELLED\nSUMMARY:ben",
        ),
        "Europe/Berlin",
    )
    assert [one.begins.isoformat() for one in found] == [
        "2026-10-24T22:00:00+00:00",
        "2026-10-26T08:00:00+00:00",
    ]
    # The day on which the clocks go back.
    assert found[0].ends - found[0].begins == timedelta(hours=25)


DAILY = "DTSTART:20261001T090000Z\nDTEND:20261001T100000Z\nSUMMARY:ann\nRRULE:"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no calendar in the iCalendar format"),
        (b"<html>Sign in</html>", "no calendar in the iCalendar format"),
        (b"\xff\xfe\x00", "no calendar in the iCalendar format"),
        (calendar("SUMMARY:ann"), "a broken one"),
        (calendar("DTSTART:2026\nSUMMARY:ann"), "a broken one"),
        (calendar("DTSTART:20261020T090000Z\nSUMMARY:ann")[:-40], "a broken one"),
        (calendar(DAILY + "FREQ=SECONDLY"), "several times a day"),
        (calendar(DAILY + "FREQ=DAILY;BYMINUTE=1,2,3"), "several times a day"),
        (
            calendar(*[DAILY + "FREQ=DAILY"] * (REPEATING_LIMIT + 1)),
            "501 events that repeat, more than 500",
        ),
        (
            calendar(*[DAILY + "FREQ=DAILY"] * 300),
            "shifts in the coming weeks, more than 5,000",
        ),
    ],
)
def test_what_is_no_use_is_said_and_not_tried(content: bytes, said: str) -> None:
    with pytest.raises(CalendarUnusable) as refused:
        read(content)
    assert said in refused.value.what
    assert refused.value.next_step
