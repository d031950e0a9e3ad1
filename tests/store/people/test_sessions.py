"""Links and sessions of the console, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from store.kernel.database import Database
from store.people import sessions

AT = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
AGO = AT - timedelta(minutes=15)


async def test_of_two_who_open_a_link_at_once_one_gets_in(database: Database) -> None:
    await sessions.enter_link(database, "link", AT)
    spent = await asyncio.gather(
        *(
            sessions.spend_link(database, "link", f"id{n}", "maya", made_after=AGO, at=AT)
            for n in range(4)
        )
    )
    found = [await sessions.find_session(database, f"id{n}") for n in range(4)]
    assert sorted(spent) == [False, False, False, True]
    assert [one is not None for one in found] == spent


async def test_an_old_link_begins_nothing(database: Database) -> None:
    await sessions.enter_link(database, "link", AGO)
    assert not await sessions.spend_link(database, "link", "id", "maya", made_after=AGO, at=AT)
    assert await sessions.find_session(database, "id") is None


async def test_a_session_ends_once(database: Database) -> None:
    await sessions.enter_link(database, "link", AT)
    await sessions.spend_link(database, "link", "id", "maya", made_after=AGO, at=AT)
    later = AT + timedelta(hours=1)
    await sessions.mark_seen(database, "id", later)
    await sessions.end_session(database, "id", later)
    await sessions.end_session(database, "id", later + timedelta(hours=1))
    found = await sessions.find_session(database, "id")
    assert found == sessions.SessionRow(
        id_hash="id", person="maya", since=AT, seen_at=later, ended_at=later, begun_by="link"
    )


async def test_what_is_over_for_long_is_removed(database: Database) -> None:
    await sessions.enter_link(database, "old", AT)
    await sessions.spend_link(database, "old", "id", "maya", made_after=AGO, at=AT)
    later = AT + sessions.KEPT + timedelta(days=1)
    await sessions.enter_link(database, "new", later)
    await sessions.spend_link(
        database, "new", "other", "noor", made_after=later - timedelta(minutes=15), at=later
    )
    assert await sessions.find_session(database, "id") is None
