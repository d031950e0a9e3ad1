"""What people see of notifications: one by its code, and how the newest contact tests went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select

from domain.model import Value
from domain.notifications import DeliveryEnd, NotificationReason
from store.kernel.database import Database
from store.notifications.entering import of_code
from store.notifications.rows import Notification, read
from store.tables import notification_attempts, notifications


class ContactTest(Value):
    """The newest test of one method of one person; ``ended`` is how its last attempt did."""

    person: str
    method: str
    code: str
    at: datetime
    acknowledged_at: datetime | None
    ended: DeliveryEnd | None


class Attempt(Value):
    """One attempt to hand over the notification of that id."""

    notification: int
    person: str
    method: str
    at: datetime
    ended: DeliveryEnd


async def of_person(db: Database, person: str, code: str) -> list[Notification]:
    """What a code names for a person, the oldest first."""
    query = (
        select(notifications)
        .where(notifications.c.person == person, of_code(code))
        .order_by(notifications.c.id)
    )
    async with db.read() as connection:
        return [read(row) for row in await connection.execute(query)]


async def of_incident(db: Database, incident: str) -> list[Notification]:
    """Everybody's notifications in an incident, the oldest first."""
    query = (
        select(notifications)
        .where(notifications.c.incident == incident)
        .order_by(notifications.c.id)
    )
    async with db.read() as connection:
        return [read(row) for row in await connection.execute(query)]


async def newest_of_incident(db: Database, incident: str, most: int) -> list[Notification]:
    """The ``most`` newest notifications in an incident, the oldest of them first."""
    query = (
        select(notifications)
        .where(notifications.c.incident == incident)
        .order_by(notifications.c.id.desc())
        .limit(most)
    )
    async with db.read() as connection:
        return [read(row) for row in await connection.execute(query)][::-1]


async def attempts_at(db: Database, ids: Sequence[int], newest: int | None = None) -> list[Attempt]:
    """The attempts at these notifications, the oldest first; the ``newest`` at each, or all."""
    query = (
        select(
            notifications.c.id.label("notification"),
            notifications.c.person,
            notification_attempts.c.method,
            notification_attempts.c.at,
            notification_attempts.c.ended,
        )
        .join(notifications, notifications.c.id == notification_attempts.c.notification_id)
        .where(notifications.c.id.in_(ids))
        .order_by(notification_attempts.c.at, notifications.c.id)
    )
    if newest is not None:
        query = query.where(notification_attempts.c.number > notifications.c.attempts - newest)
    async with db.read() as connection:
        return [Attempt(**row._mapping) for row in await connection.execute(query)]


async def newest_tests(db: Database, person: str = "") -> list[ContactTest]:
    """The newest contact test of each method, of one person or of everybody."""
    is_test = notifications.c.reason == NotificationReason.CONTACT_TEST
    newest = select(func.max(notifications.c.id)).where(is_test)
    if person:
        newest = newest.where(notifications.c.person == person)
    newest = newest.group_by(notifications.c.person, notifications.c.method)
    last = and_(
        notification_attempts.c.notification_id == notifications.c.id,
        notification_attempts.c.number == notifications.c.attempts,
    )
    query = (
        select(
            notifications.c.person,
            notifications.c.method,
            notifications.c.code,
            notifications.c.entered_at.label("at"),
            notifications.c.acknowledged_at,
            notification_attempts.c.ended,
        )
        .outerjoin(notification_attempts, last)
        .where(notifications.c.id.in_(newest))
        .order_by(notifications.c.person, notifications.c.method)
    )
    async with db.read() as connection:
        return [ContactTest(**row._mapping) for row in await connection.execute(query)]
