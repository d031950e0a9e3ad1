"""Entering notifications, acknowledging them, and ending them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert, Update

from domain.model import Value
from domain.notification_pace import GATHERED_FOR
from domain.notifications import NotificationReason, NotificationState, short_code
from domain.severity import Severity
from store.kernel.database import Database
from store.notifications.rows import Notification, is_open, read
from store.tables import notifications

_S = NotificationState


class Asking(Value):
    """Some people who are to be notified about one thing. ``unreachable`` are among them."""

    incident: str
    about: str
    step: str
    reason: NotificationReason
    severity: Severity
    people: tuple[str, ...]
    unreachable: tuple[str, ...] = ()
    message: int | None = None
    due: datetime | None = None


async def enter(db: Database, asking: Asking, at: datetime) -> int:
    """Enter a notification for each of the people; how many are new.

    Whoever has acknowledged the same thing for the same reason, at an earlier step, is not asked
    again. Whoever cannot be reached is tried later.
    """
    async with db.write() as connection:
        known = await _acknowledged(connection, asking)
        entered = 0
        for person in dict.fromkeys(asking.people):
            row = _row(asking, person, at) | _beginning(asking, person, known, at)
            done = await connection.execute(_adding(db).values(row))
            entered += done.rowcount
    return entered


async def enter_tests(
    db: Database, test: str, methods: Sequence[tuple[str, str]], at: datetime
) -> int:
    """Enter the contact test named ``test`` for each (person, method); how many are new."""
    async with db.write() as connection:
        entered = 0
        for person, method in methods:
            row = {
                "incident": "",
                "about": test,
                "step": method,
                "person": person,
                "reason": NotificationReason.CONTACT_TEST.value,
                "severity": Severity.MINOR.value,
                "method": method,
                "code": short_code("", test, person, method),
                "bundle": short_code("", test, person, method),
                "state": _S.WAITING.value,
                "entered_at": at,
                "due_at": at,
            }
            entered += (await connection.execute(_adding(db).values(row))).rowcount
    return entered


async def acknowledge(db: Database, person: str, code: str, at: datetime) -> list[Notification]:
    """Have a person be asked no more about what ``code`` names; what that was, empty if nothing.

    Nobody else's notifications change.
    """
    async with db.write() as connection:
        rows = await connection.execute(
            update(notifications)
            .where(notifications.c.person == person, of_code(code), is_open())
            .values(
                state=_S.ACKNOWLEDGED.value,
                acknowledged_at=at,
                due_at=None,
                news=case((notifications.c.incident == "", ""), else_=_S.ACKNOWLEDGED.value),
            )
            .returning(*notifications.c)
        )
        return sorted((read(row) for row in rows), key=lambda one: one.id)


async def end(
    db: Database, incident: str, about: str, ending: str, by: str, at: datetime, now: datetime
) -> int:
    """Have nobody be asked about a thing any more; how many people are to be told that.

    Told are those who were handed a notification about it, each once, except ``by``.
    """
    async with db.write() as connection:
        rows = await connection.execute(
            _ended(incident, about, ending, by, at).returning(
                notifications.c.id, notifications.c.person, notifications.c.handed_at
            )
        )
        first: dict[str, int] = {}
        for row in sorted(rows, key=lambda one: one.id):
            if row.handed_at is not None and row.person != by:
                first.setdefault(row.person, row.id)
        await connection.execute(
            update(notifications)
            .where(notifications.c.id.in_(first.values()))
            .values(told=False, due_at=now)
        )
    return len(first)


async def close(db: Database, incident: str, at: datetime) -> None:
    """Have nobody be asked about a closed incident: what it promises after that is asked anew."""
    async with db.write() as connection:
        await connection.execute(
            _ended(incident, None, "closed", "", at).where(
                or_(
                    notifications.c.about.startswith("gate/"),
                    notifications.c.about.startswith("promise/"),
                )
            )
        )


async def spare(
    db: Database, incident: str, about: str, people: Collection[str], ending: str, at: datetime
) -> None:
    """Have these people be asked about a thing no more, and tell them nothing: they did it."""
    async with db.write() as connection:
        ending_theirs = _ended(incident, about, ending, "", at)
        await connection.execute(ending_theirs.where(notifications.c.person.in_(people)))


def _ended(incident: str, about: str | None, ending: str, by: str, at: datetime) -> Update:
    these = true() if about is None else notifications.c.about == about
    return (
        update(notifications)
        .where(
            notifications.c.incident == incident,
            these,
            notifications.c.ended_at.is_(None),
        )
        .values(
            state=_S.ENDED.value,
            ended_at=at,
            ending=ending[:80],
            ended_by=by,
            due_at=None,
            news="",
            told=True,
            failures=0,
            # It is told by the method that was taken last.
            place=case((notifications.c.place > 0, notifications.c.place - 1), else_=0),
        )
    )


def of_code(code: str) -> ColumnElement[bool]:
    """What a code names: one thing, or all that waits for its person in an incident."""
    return or_(notifications.c.code == code, notifications.c.bundle == code)


async def _acknowledged(connection: AsyncConnection, asking: Asking) -> Collection[str]:
    same = and_(
        notifications.c.incident == asking.incident,
        notifications.c.about == asking.about,
        notifications.c.reason == asking.reason,
        notifications.c.acknowledged_at.is_not(None),
        notifications.c.ended_at.is_(None),
    )
    query = select(func.distinct(notifications.c.person)).where(same)
    return set((await connection.scalars(query)).all())


def _row(asking: Asking, person: str, at: datetime) -> dict[str, object]:
    return {
        "incident": asking.incident,
        "about": asking.about,
        "step": asking.step,
        "person": person,
        "reason": asking.reason.value,
        "severity": asking.severity.value,
        "message": asking.message,
        "due": asking.due,
        "code": short_code(asking.incident, asking.about, person),
        "bundle": short_code(asking.incident, person),
        "entered_at": at,
    }


def _beginning(
    asking: Asking, person: str, acknowledged: Collection[str], at: datetime
) -> dict[str, object]:
    if person in acknowledged:
        return {"state": _S.ACKNOWLEDGED.value, "acknowledged_at": at}
    state = _S.UNREACHABLE if person in asking.unreachable else _S.WAITING
    return {"state": state.value, "due_at": at + GATHERED_FOR}


def _adding(db: Database) -> Insert:
    return db.insert_or_ignore(notifications, ["incident", "about", "step", "person"])
