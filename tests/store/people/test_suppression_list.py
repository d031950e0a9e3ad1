"""The list of who must not be written to, as people look after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import DomainError
from domain.message import MessageClass
from domain.suppression import ListedAddress
from domain.suppression import SuppressionReason as Reason
from store.kernel.database import Database
from store.people import suppression_list, suppressions
from store.people.addresses import InvalidAddress
from store.tables import suppression_log
from tests.store.world import LATER, NOON

GOODWILL, SAFETY = MessageClass.GOODWILL, MessageClass.SAFETY
HOUR = timedelta(hours=1)


async def listed(rows: Sequence[ListedAddress]) -> AsyncIterator[ListedAddress]:
    for row in rows:
        yield row


async def log(database: Database) -> list[tuple[str, str | None, str, str, int]]:
    query = select(suppression_log).order_by(suppression_log.c.id)
    async with database.read() as connection:
        rows = await connection.execute(query)
        return [(row.what, row.mailbox, row.who, row.why, row.many) for row in rows]


async def on(database: Database, address: str) -> list[MessageClass]:
    return [one for one in MessageClass if await suppressions.is_suppressed(database, address, one)]


async def test_who_put_an_address_on_the_list_is_in_the_log(database: Database) -> None:
    added = await suppression_list.add_by_person(
        database, "Ann@Example.com", [None], "requested", who="sam", why="by phone", at=NOON
    )
    assert (added, await on(database, "ann@example.com")) == (1, [SAFETY, GOODWILL])
    assert await log(database) == [("added", "ann@example.com", "sam", "by phone", 1)]


async def test_what_is_no_address_is_not_put_on_the_list(database: Database) -> None:
    with pytest.raises(InvalidAddress):
        await suppression_list.add_by_person(
            database, "ann", [None], "requested", who="sam", why="", at=NOON
        )
    assert await log(database) == []


async def test_who_took_an_address_off_and_why_is_in_the_log(database: Database) -> None:
    await suppressions.add(database, "ann@example.com", "bounced", None, "event", NOON)
    taken = await suppression_list.remove(
        database, "ANN@example.com", who="sam", why="mailbox is back", at=LATER
    )
    assert [one.reason for one in taken] == ["bounced"]
    assert await on(database, "ann@example.com") == []
    assert await log(database) == [("removed", "ann@example.com", "sam", "mailbox is back", 1)]


async def test_one_class_alone_can_be_taken_off(database: Database) -> None:
    for of in (GOODWILL, SAFETY):
        await suppressions.add(database, "ann@example.com", "requested", of, "person", NOON)
    await suppression_list.remove(
        database, "ann@example.com", who="sam", why="asked", at=LATER, message_class=SAFETY
    )
    assert await on(database, "ann@example.com") == [GOODWILL]


async def test_nobody_is_taken_off_who_is_not_on(database: Database) -> None:
    with pytest.raises(DomainError, match="not on the list") as caught:
        await suppression_list.remove(database, "ann@example.com", who="sam", why="asked", at=NOON)
    assert "ann" not in str(caught.value)
    assert await log(database) == []


async def test_a_list_is_imported_once_however_often(database: Database) -> None:
    people = [f"p{n}@example.com" for n in range(12_000)]
    first = await suppression_list.import_addresses(
        database, people, [GOODWILL], "unsubscribed", who="maya", why="old tool", at=NOON
    )
    again = await suppression_list.import_addresses(
        database, people, [GOODWILL], "unsubscribed", who="maya", why="old tool", at=LATER
    )
    assert (first.added, again.added, again.read) == (12_000, 0, 12_000)
    assert [row[4] for row in await log(database)] == [12_000, 0]


async def test_counts_hold_no_addresses_and_entries_hold_all(database: Database) -> None:
    people = [f"p{n}@example.com" for n in range(7)]
    await suppression_list.import_addresses(
        database, people, [GOODWILL], "unsubscribed", who="maya", why="", at=NOON
    )
    await suppressions.add(database, "ann@example.com", "bounced", None, "event", NOON)
    counts = await suppression_list.counts(database)
    entries = [one.mailbox async for one in suppression_list.entries(database)]
    assert [(one.reason, one.message_class, one.addresses) for one in counts] == [
        ("unsubscribed", "goodwill", 7),
        ("bounced", "", 1),
    ]
    assert entries == ["ann@example.com", *people]


async def test_every_entry_is_shown_however_many_pages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppression_list, "_PAGE", 3)
    people = [f"p{n}@example.com" for n in range(8)]
    await suppression_list.import_addresses(
        database, people, [GOODWILL, SAFETY], "requested", who="maya", why="", at=NOON
    )
    shown = [(one.mailbox, one.message_class) async for one in suppression_list.entries(database)]
    assert shown == [(one, of) for one in people for of in ("goodwill", "safety")]


# --- a provider's lists -------------------------------------------------------------------------


async def test_a_providers_list_covers_what_its_reason_covers(database: Database) -> None:
    entered = await suppression_list.enter_listed(
        database,
        "email",
        listed(
            [
                ListedAddress("gone@example.com", Reason.BOUNCED, NOON),
                ListedAddress("angry@example.com", Reason.COMPLAINED, NOON),
                ListedAddress("left@example.com", Reason.UNSUBSCRIBED, NOON),
                ListedAddress("not an address", Reason.INVALID, NOON),
            ]
        ),
        who="maya",
        at=LATER,
    )
    assert (entered.read, entered.added, entered.unreadable) == (4, 3, 1)
    assert await on(database, "gone@example.com") == [SAFETY, GOODWILL]
    assert await on(database, "angry@example.com") == [GOODWILL]
    assert await on(database, "left@example.com") == [GOODWILL]


async def test_a_provider_does_not_undo_what_a_person_decided(database: Database) -> None:
    row = ListedAddress("ann@example.com", Reason.UNSUBSCRIBED, NOON)
    await suppression_list.enter_listed(database, "email", listed([row]), who="maya", at=NOON)
    await suppression_list.remove(
        database, "ann@example.com", who="sam", why="wrote to us", at=NOON + HOUR
    )
    again = await suppression_list.enter_listed(
        database, "email", listed([row]), who="maya", at=LATER
    )
    later = row._replace(since=NOON + 2 * HOUR)
    left_anew = await suppression_list.enter_listed(
        database, "email", listed([later]), who="maya", at=LATER
    )
    assert (again.added, left_anew.added) == (0, 1)


async def test_a_complaint_is_told_though_somebody_unsubscribed_first(database: Database) -> None:
    rows = [
        ListedAddress("ann@example.com", Reason.COMPLAINED, NOON + HOUR),
        ListedAddress("ann@example.com", Reason.UNSUBSCRIBED, NOON),
        ListedAddress("ANN@example.com", Reason.UNSUBSCRIBED, NOON),
    ]
    await suppression_list.enter_listed(database, "email", listed(rows), who="maya", at=LATER)
    (entry,) = [one async for one in suppression_list.entries(database)]
    assert entry.reason == "complained"
