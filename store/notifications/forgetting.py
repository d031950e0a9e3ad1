"""Forgetting notifications of long ago, with their attempts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select

from domain.notifications import NotificationReason
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import notification_attempts, notifications

KEPT_FOR = timedelta(days=90)
"""How long after the last thing that happened to it: as long as Temporal keeps what has ended."""

_AT_ONCE = 1_000
"""So many in one transaction, so that whoever is to be asked now waits for none of it."""


async def forget_old(db: Database, now: datetime) -> int:
    """Forget what is over and was long ago; how many notifications.

    What is still to be sent or told stays, however old, and so does the newest test of each contact
    method: without it nobody would know whether the method has ever worked.
    """
    forgotten = 0
    while True:
        async with db.write(Priority.BULK) as connection:
            old = select(notifications.c.id).where(_is_old(now)).limit(_AT_ONCE)
            ids = list(await connection.scalars(old))
            if ids:
                attempts = notification_attempts.c.notification_id.in_(ids)
                await connection.execute(delete(notification_attempts).where(attempts))
                await connection.execute(delete(notifications).where(notifications.c.id.in_(ids)))
        forgotten += len(ids)
        if len(ids) < _AT_ONCE:
            return forgotten


def _is_old(now: datetime) -> ColumnElement[bool]:
    is_test = notifications.c.reason == NotificationReason.CONTACT_TEST
    newest_tests = (
        select(func.max(notifications.c.id))
        .where(is_test)
        .group_by(notifications.c.person, notifications.c.method)
    )
    last = func.coalesce(
        notifications.c.ended_at,
        notifications.c.acknowledged_at,
        notifications.c.handed_at,
        notifications.c.entered_at,
    )
    return and_(
        notifications.c.due_at.is_(None),
        notifications.c.news == "",
        last < now - KEPT_FOR,
        notifications.c.id.not_in(newest_tests),
    )
