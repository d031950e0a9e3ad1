"""On-call calendars that are kept elsewhere: what was taken from one, and how old that is."""

from __future__ import annotations

import hashlib
from datetime import datetime

from domain.model import Value
from domain.on_call import Schedule
from domain.shifts import Shift, ShiftSource
from domain.times import UtcTime


class CalendarEvent(Value):
    """An event of a calendar, with the ids of the people whom it names; perhaps of nobody."""

    begins: UtcTime
    ends: UtcTime
    people: tuple[str, ...] = ()


class KeptCalendar(Value):
    """What the ledger has of a calendar: its last good reading, and what came of the last attempt.

    ``read_at`` is None if it never could be read; ``problem`` is "" if the last attempt went well.
    """

    schedule: str
    events: tuple[CalendarEvent, ...] = ()
    read_at: datetime | None = None
    tried_at: datetime
    problem: str = ""
    next_step: str = ""

    def shifts(self) -> list[Shift]:
        """A shift of each person whom an event names; the first named is asked first."""
        return [
            Shift(
                person=person,
                begins=one.begins,
                ends=one.ends,
                source=ShiftSource.CALENDAR,
                layer=number,
            )
            for one in self.events
            for number, person in enumerate(one.people)
        ]

    def nameless(self) -> list[CalendarEvent]:
        """The events that name nobody here."""
        return [one for one in self.events if not one.people]


def calendar_key(name: str, schedule: Schedule) -> str:
    """The key under which the ledger keeps a schedule's calendar: 64 hexadecimal digits."""
    return hashlib.sha256(f"{name}|{schedule.zone}|{schedule.ical}".encode()).hexdigest()
