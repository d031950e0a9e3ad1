"""What is sent together: all that is due for one person in one incident, once a minute at most."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, select, true

from domain.notification_pace import TOGETHER_FOR
from store.kernel.columns import Moment
from store.notifications.rows import is_open, is_over
from store.tables import notifications


@cache
def all_of(*, over: bool, by_one_method: bool) -> Select[Any]:
    """All of a group if something of it is due: what is asked again later comes along.

    Made once: for one message, making it takes longer than asking it.
    """
    now = bindparam("b_now", type_=Moment())
    ours = and_(
        notifications.c.person == bindparam("b_person"),
        notifications.c.incident == bindparam("b_incident"),
        notifications.c.method == bindparam("b_method"),
        is_over() if over else is_open(),
        notifications.c.due_at.is_not(None),
    )
    # A contact test is answered by itself.
    ours = and_(ours, notifications.c.due_at <= now if by_one_method else true())
    some = select(notifications.c.id).where(ours, notifications.c.due_at <= now).exists()
    return select(notifications).where(ours, some).order_by(notifications.c.id)


def gathered_until(
    connection: Connection, person: str, incident: str, now: datetime
) -> datetime | None:
    """When the minute is over in which whatever is new is gathered; None if it is."""
    last = connection.scalar(
        select(notifications.c.handed_at)
        .where(
            notifications.c.person == person,
            notifications.c.incident == incident,
            notifications.c.handed_at > now - TOGETHER_FOR,
        )
        .order_by(notifications.c.handed_at.desc())
        .limit(1)
    )
    return None if last is None else last + TOGETHER_FOR
