"""Who is asked about what, on both databases: entering, taking, acknowledging, ending."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.contact import ContactKind, ContactMethod
from domain.notifications import DeliveryEnd, NotificationReason, NotificationState
from domain.severity import Severity
from store.kernel.database import Database
from store.notifications import entering, forgetting, news, reading, sending
from store.notifications.entering import Asking
from store.notifications.rows import Notification
from store.notifications.sending import Group, Taken, Way

NOON = datetime(2026, 10, 26, 12, tzinfo=UTC)
PHONE = ContactMethod(name="phone", kind=ContactKind.APPRISE, secret="PHONE")
SOON = NOON + timedelta(seconds=3)


def asking(*people: str, about: str = "gate/1/1", step: str = "ask", incident: str = "x") -> Asking:
    return Asking(
        incident=incident,
        about=about,
        step=step,
        reason=NotificationReason.DECIDE,
        severity=Severity.MAJOR,
        people=people,
        message=1,
    )


def by_phone(_: Sequence[Notification]) -> Way:
    return Way(method=PHONE, many=1)


async def take_one(database: Database, at: datetime = SOON) -> Taken | None:
    (group,) = await sending.due(database, at, 9)
    return await sending.take(database, group, by_phone, at)


async def test_one_step_enters_one_notification_however_often_it_is_asked_for(
    database: Database,
) -> None:
    assert await entering.enter(database, asking("noor", "kim", "noor"), NOON) == 2
    assert await entering.enter(database, asking("noor", "kim"), NOON) == 0
    assert await entering.enter(database, asking("noor", step="remind"), NOON) == 1
    assert len(await reading.of_incident(database, "x")) == 3


async def test_of_two_workers_one_takes_it(database: Database) -> None:
    await entering.enter(database, asking("noor"), NOON)
    (group,) = await sending.due(database, SOON, 9)
    taken = await asyncio.gather(*(sending.take(database, group, by_phone, SOON) for _ in range(4)))
    assert [one is not None for one in taken].count(True) == 1


async def test_what_was_acknowledged_meanwhile_is_not_taken(database: Database) -> None:
    await entering.enter(database, asking("noor"), NOON)
    (group,) = await sending.due(database, SOON, 9)
    (one,) = await reading.of_incident(database, "x")
    assert len(await entering.acknowledge(database, "noor", one.code, SOON)) == 1
    assert await sending.take(database, group, by_phone, SOON) is None
    assert await sending.next_due(database) is None


async def test_news_are_told_once(database: Database) -> None:
    await entering.enter(database, asking("noor"), NOON)
    taken = await take_one(database)
    assert taken is not None
    await sending.finish(database, taken, DeliveryEnd.NOT_TAKEN, 5, SOON)
    (untold,) = await news.untold(database, 9)
    assert untold.told.state is NotificationState.UNREACHABLE
    assert await sending.overdue(database, NOON)
    await news.heard(database, untold)
    assert await news.untold(database, 9) == []
    assert not await sending.overdue(database, NOON)


async def test_an_end_stops_all_and_is_told_once_to_whom_it_concerns(database: Database) -> None:
    await entering.enter(database, asking("noor"), NOON)
    taken = await take_one(database)
    assert taken is not None
    await sending.finish(database, taken, DeliveryEnd.HANDED_OVER, 5, SOON)
    await entering.enter(database, asking("noor", "kim", step="remind"), NOON)
    assert await entering.end(database, "x", "gate/1/1", "approved", "ada", SOON, SOON) == 1
    (group,) = await sending.due(database, SOON, 9)
    assert group == Group(person="noor", incident="x", method="", over=True)
    over = await sending.take(database, group, by_phone, SOON)
    assert over is not None
    await sending.finish(database, over, DeliveryEnd.HANDED_OVER, 5, SOON)
    assert await sending.next_due(database) is None
    states = {one.state for one in await reading.of_incident(database, "x")}
    assert states == {NotificationState.ENDED}


async def test_finding_what_is_due_reads_the_index_alone(database: Database) -> None:
    await entering.enter(database, asking("noor"), NOON)
    query = (
        "SELECT person, incident, method FROM notifications "
        "WHERE due_at IS NOT NULL AND due_at <= '2026-10-26 13:00:00' "
    )
    async with database.read() as connection:
        if database.dialect == "postgresql":
            # It would read one page as a whole otherwise.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = await connection.execute(text("EXPLAIN " + query))
        else:
            plan = await connection.execute(text("EXPLAIN QUERY PLAN " + query))
        assert "ix_notifications_due" in str(plan.all())


async def test_what_is_over_is_forgotten_and_what_waits_or_was_the_newest_test_is_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 1)
    await entering.enter(database, asking("noor"), NOON)
    taken = await take_one(database)
    assert taken is not None
    await sending.finish(database, taken, DeliveryEnd.HANDED_OVER, 1, SOON)
    await entering.end(database, "x", "gate/1/1", "approved", "noor", SOON, SOON)
    # Noor has acknowledged another, of which the incident has not heard yet.
    await entering.enter(database, asking("noor", incident="y"), NOON)
    (unheard,) = await reading.of_incident(database, "y")
    await entering.acknowledge(database, "noor", unheard.code, SOON)
    await entering.enter(database, asking("kim"), NOON)
    for test in ("contact_test/1", "contact_test/2"):
        await entering.enter_tests(database, test, [("noor", "phone")], NOON)
        (one,) = await reading.newest_tests(database)
        await entering.acknowledge(database, "noor", one.code, SOON)

    kept = SOON + forgetting.KEPT_FOR
    assert await forgetting.forget_old(database, kept) == 0
    assert await forgetting.forget_old(database, kept + timedelta(seconds=1)) == 2
    (left,) = await reading.of_incident(database, "x")
    assert left.person == "kim"
    assert len(await reading.of_incident(database, "y")) == 1
    assert await reading.attempts_at(database, list(taken.ids)) == []
    (test_of_noor,) = await reading.newest_tests(database)
    assert test_of_noor.acknowledged_at == SOON
