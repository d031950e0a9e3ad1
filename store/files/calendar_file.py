"""Reading an iCalendar file: who is on call when, by the people that its events name.

Only the coming weeks are read. What somebody's calendar says besides is not kept: an event becomes
two moments and the ids of the people it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from domain.calendar import CalendarEvent
from domain.errors import DomainError
from domain.people import People
from domain.plural import plural
from domain.times import in_utc
from domain.wall_time import moment_of

EVENTS_LIMIT = 20_000
"""The most events of one file."""

REPEATING_LIMIT = 500
"""The most events of one file that repeat."""

SHIFTS_LIMIT = 5_000
"""The most shifts that are kept of one file."""

_Event = Any
"""An event as the library has it: whatever somebody's calendar says."""

_AROUND = timedelta(days=2)
"""Times without a zone are looked for so much earlier and later."""

_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_REPEATS = ("RRULE", "RDATE")


class CalendarUnusable(DomainError):
    """A calendar from which nothing can be taken; contains nothing of what it says."""


def read_calendar(
    content: bytes,
    zone: str,
    people: People,
    addresses: Mapping[str, str],
    begin: datetime,
    end: datetime,
) -> list[CalendarEvent]:
    """The events between two moments, in their order. Blocks.

    Times without a zone, and whole days, are of ``zone``. ``addresses`` are the people's mail
    addresses by id, as far as they are known here. ``CalendarUnusable`` says what is wrong.
    """
    calendar = _parse(content)
    events = list[_Event](calendar.walk("VEVENT"))
    if len(events) > EVENTS_LIMIT:
        raise CalendarUnusable(
            f"It has {len(events):,} events, more than {EVENTS_LIMIT:,}.",
            "Publish a calendar that has only the shifts.",
        )
    repeating = [one for one in events if any(name in one for name in _REPEATS)]
    _refuse_endless(repeating)
    found = _expanded(calendar, begin, end) if repeating else events
    who = _Names(people, addresses)
    kept = [made for one in found if (made := _event(one, zone, who)) is not None]
    inside = [one for one in kept if one.begins < end and begin < one.ends]
    if len(inside) > SHIFTS_LIMIT:
        raise CalendarUnusable(
            f"It has {plural(len(inside), 'shift')} in the coming weeks, more than "
            f"{SHIFTS_LIMIT:,}.",
            "Publish a calendar that has only the shifts.",
        )
    return sorted(inside, key=lambda one: (one.begins, one.ends, one.people))


def _parse(content: bytes) -> Calendar:
    try:
        found = Calendar.from_ical(content)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise _broken() from error
    if not isinstance(found, Calendar):
        raise _broken()
    return found


def _broken() -> CalendarUnusable:
    return CalendarUnusable(
        "It is no calendar in the iCalendar format, or a broken one.",
        "Open its address in a browser: it has to answer with a file that begins with "
        "BEGIN:VCALENDAR.",
    )


def _refuse_endless(repeating: Sequence[_Event]) -> None:
    if len(repeating) > REPEATING_LIMIT:
        raise CalendarUnusable(
            f"It has {len(repeating):,} events that repeat, more than {REPEATING_LIMIT}.",
            "Publish a calendar that has only the shifts.",
        )
    for one in repeating:
        for rule in _list(one.get("RRULE")):
            often = str(next(iter(_list(rule.get("FREQ"))), "")).upper()
            several = any(len(_list(rule.get(name))) > 1 for name in _WITHIN_A_DAY)
            if often in _TOO_OFTEN or several:
                raise CalendarUnusable(
                    "It has an event that repeats several times a day, which no shift does.",
                    "Publish a calendar that has only the shifts.",
                )


def _expanded(calendar: Calendar, begin: datetime, end: datetime) -> Iterator[_Event]:
    try:
        import recurring_ical_events
    except ImportError as error:
        raise CalendarUnusable(
            "It has events that repeat, and what reads them is not installed.",
            "Install the extra `calendar`: pip install 'frontfoot[calendar]'.",
        ) from error
    try:
        found: list[_Event] = recurring_ical_events.of(calendar).between(
            begin - _AROUND, end + _AROUND
        )
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        raise _broken() from error
    return iter(found)


def _event(event: _Event, zone: str, who: _Names) -> CalendarEvent | None:
    """What counts of an event; None if it was cancelled or has no length."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    try:
        begins = _moment(event["DTSTART"].dt, zone)
        ends = _end_of(event, begins, zone)
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        raise _broken() from error
    if ends <= begins:
        return None
    return CalendarEvent(begins=begins, ends=ends, people=who.in_event(event))


def _end_of(event: _Event, begins: datetime, zone: str) -> datetime:
    if "DTEND" in event:
        return _moment(event["DTEND"].dt, zone)
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return begins + length
    first = event["DTSTART"].dt
    # A day without an end lasts until the next one.
    return begins if isinstance(first, datetime) else _moment(_next(first), zone)


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _moment(value: date | datetime, zone: str) -> datetime:
    if not isinstance(value, datetime):
        return moment_of(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001
    return moment_of(value, zone) if value.tzinfo is None else in_utc(value)


def _list(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


class _Names:
    """Finds whom an event names."""

    def __init__(self, people: People, addresses: Mapping[str, str]) -> None:
        self._names: list[tuple[str, Callable[[str], bool]]] = [
            (member.id, _naming(word))
            for member in people.people
            for word in (member.id, member.name)
            if word
        ]
        self._addresses = {address.lower(): one for one, address in addresses.items()}

    def in_event(self, event: _Event) -> tuple[str, ...]:
        """Those whose id, name or address is that of an attendee, or who are named in the title."""
        invited = _list(event.get("ATTENDEE"))
        said = [str(event.get("SUMMARY", "")), *(str(one.params.get("CN", "")) for one in invited)]
        found = [
            self._addresses.get(str(one).lower().removeprefix("mailto:").strip(), "")
            for one in invited
        ]
        found += [person for text in said for person, names in self._names if names(text)]
        return tuple(dict.fromkeys(one for one in found if one))


def _naming(word: str) -> Callable[[str], bool]:
    pattern = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", re.IGNORECASE)
    return lambda text: pattern.search(text) is not None
