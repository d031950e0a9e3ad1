"""Calendars in the ledger: one reader at a time, and the last good reading stays."""

from __future__ import annotations

from datetime import timedelta

from domain.calendar import CalendarEvent
from store.kernel.database import Database
from store.people import calendars
from tests.store.world import NOON

KEY, OTHER = "a" * 64, "b" * 64
MINUTE = timedelta(minutes=1)
EVENT = CalendarEvent(begins=NOON, ends=NOON + MINUTE, people=("ann", "ben"))


async def test_one_reader_at_a_time_and_a_failure_keeps_what_was_read(database: Database) -> None:
    async def taken(now: int) -> bool:
        at = NOON + now * MINUTE
        return await calendars.take(database, KEY, "legal", at - 10 * MINUTE, at)

    assert [await taken(0), await taken(0), await taken(9)] == [True, False, False]
    await calendars.keep(database, KEY, [EVENT], NOON)
    assert [await taken(10), await taken(11)] == [True, False]
    await calendars.note_problem(database, KEY, "It broke.", "Look.")
    kept = (await calendars.load(database, [KEY, OTHER]))[KEY]
    assert (kept.events, kept.read_at, kept.problem) == ((EVENT,), NOON, "It broke.")
    assert [one.person for one in kept.shifts()] == ["ann", "ben"]
    await calendars.keep(database, KEY, [], NOON + MINUTE)
    kept = (await calendars.load(database, [KEY]))[KEY]
    assert (kept.events, kept.problem, kept.next_step) == ((), "", "")


async def test_a_calendar_that_no_schedule_has_is_forgotten_after_a_while(
    database: Database,
) -> None:
    await calendars.take(database, KEY, "legal", NOON, NOON)
    await calendars.take(database, OTHER, "legal", NOON, NOON + MINUTE)
    await calendars.forget_others(database, [KEY], NOON + MINUTE)
    assert len(await calendars.load(database, [KEY, OTHER])) == 2
    await calendars.forget_others(database, [], NOON + MINUTE)
    assert list(await calendars.load(database, [KEY, OTHER])) == [OTHER]
