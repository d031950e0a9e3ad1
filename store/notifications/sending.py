"""What is due to be sent to whom: taking it, and entering how an attempt ended.

All that is due for one person in one incident is one message. An attempt is entered before it
begins. One whose worker died is made again, once it counts as lost: a person may be notified twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, func, select, update

from domain.contact import ContactMethod
from domain.model import Value
from domain.notifications import DeliveryEnd
from store.kernel.columns import Moment
from store.kernel.database import Database
from store.notifications import ends
from store.notifications.gathering import all_of, gathered_until
from store.notifications.rows import Notification, is_over, read, these
from store.tables import notification_attempts, notifications

LOST_AFTER = timedelta(seconds=30)
"""How long after its beginning an attempt without an end is lost: longer than any may take."""


class Group(Value):
    """What is sent as one message: to a person, in an incident, perhaps by one method alone.

    ``over``: that somebody need not act any more.
    """

    person: str
    incident: str
    method: str
    over: bool


class Way(Value):
    """What is to be done with a group: sent by ``method``, of ``many`` that the person has.

    Without a method there is none to be tried; with ``until``, it is not sent before then.
    ``gone``: there is no such person any more.
    """

    method: ContactMethod | None = None
    many: int = 0
    until: datetime | None = None
    gone: bool = False


class Taken(Value):
    """What is about to be sent, and by which method."""

    group: Group
    way: Way
    notifications: tuple[Notification, ...]

    @property
    def ids(self) -> list[int]:
        """Of the notifications in it."""
        return [one.id for one in self.notifications]


async def due(db: Database, now: datetime, most: int) -> list[Group]:
    """The groups of which something is due, the most severe and the oldest first."""
    columns = (
        notifications.c.person,
        notifications.c.incident,
        notifications.c.method,
        is_over().label("over"),
    )
    query = (
        select(*columns)
        .where(notifications.c.due_at.is_not(None), notifications.c.due_at <= now)
        .group_by(*columns)
        .order_by(func.min(notifications.c.severity), func.min(notifications.c.due_at))
        .limit(most)
    )
    async with db.read() as connection:
        return [Group(**row._mapping) for row in await connection.execute(query)]


async def next_due(db: Database) -> datetime | None:
    """When the next is due; None if nothing waits."""
    query = (
        select(notifications.c.due_at)
        .where(notifications.c.due_at.is_not(None))
        .order_by(notifications.c.due_at)
        .limit(1)
    )
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
        return None if row is None else row.due_at


async def take(
    db: Database, group: Group, choose: Callable[[Sequence[Notification]], Way], now: datetime
) -> Taken | None:
    """Take the right to send a group, and enter the attempt; None if it is not to be sent now.

    What somebody has acknowledged or ended meanwhile is not in it. ``choose`` says how: it is
    called in the transaction, in a thread, and has to touch nothing that others change.
    """

    def work(connection: Connection) -> Taken | None:
        if db.dialect == "postgresql":
            # On SQLite nobody else writes meanwhile.
            what = func.hashtextextended(f"notifications/{group.person}/{group.incident}", 0)
            connection.execute(select(func.pg_advisory_xact_lock(what)))
        return _take(connection, group, choose, now)

    return await db.write_with(work)


def _take(
    connection: Connection,
    group: Group,
    choose: Callable[[Sequence[Notification]], Way],
    now: datetime,
) -> Taken | None:
    asked = {
        "b_now": now,
        "b_person": group.person,
        "b_incident": group.incident,
        "b_method": group.method,
    }
    query = all_of(over=group.over, by_one_method=bool(group.method))
    found = [read(row) for row in connection.execute(query, asked)]
    if not found:
        return None
    together = None
    if not (group.over or group.method or any(one.failures for one in found)):
        together = gathered_until(connection, group.person, group.incident, now)
    way = choose(found)
    ids = [one.id for one in found]
    if way.gone or (way.method is None and way.until is None):
        if group.over:
            connection.execute(these(ids).values(told=True, due_at=None))
        else:
            for_good = way.gone or bool(group.method)
            ends.unreachable(connection, found, now, for_good=for_good)
        return None
    wait = max((one for one in (way.until, together) if one is not None), default=None)
    if wait is not None and wait > now:
        connection.execute(these(ids).values(due_at=wait))
        return None
    return _begin(connection, Taken(group=group, way=way, notifications=tuple(found)), now)


def _begin(connection: Connection, taken: Taken, now: datetime) -> Taken:
    """Enter an attempt, and return what is taken with it counted."""
    method = taken.way.method
    assert method is not None
    connection.execute(_BEGINNING, {"b_ids": taken.ids, "b_at": now + LOST_AFTER})
    rows = [
        {
            "notification_id": one.id,
            "number": one.attempts + 1,
            "at": now,
            "method": method.name,
            "kind": method.kind.value,
        }
        for one in taken.notifications
    ]
    connection.execute(notification_attempts.insert(), rows)
    counted = (one.model_copy(update={"attempts": one.attempts + 1}) for one in taken.notifications)
    return taken.model_copy(update={"notifications": tuple(counted)})


async def finish(
    db: Database, taken: Taken, ended: DeliveryEnd, milliseconds: int, now: datetime
) -> None:
    """Enter how an attempt ended, and when the next one is."""

    def work(connection: Connection) -> None:
        rows = [
            {"of": one.id, "attempt": one.attempts, "end": ended.value, "took": milliseconds}
            for one in taken.notifications
        ]
        connection.execute(_ENDING, rows)
        found, many = taken.notifications, taken.way.many
        handed = ended is DeliveryEnd.HANDED_OVER
        if taken.group.over:
            ends.told_that_over(connection, found, many, now, handed=handed)
        elif handed:
            ends.handed_over(connection, found, now)
        else:
            ends.failed(connection, found, many, now, by_one_method=bool(taken.group.method))

    await db.write_with(work)


_BEGINNING = (
    update(notifications)
    .where(notifications.c.id.in_(bindparam("b_ids", expanding=True)))
    .values(due_at=bindparam("b_at", type_=Moment()), attempts=notifications.c.attempts + 1)
)
_ENDING = (
    update(notification_attempts)
    .where(
        notification_attempts.c.notification_id == bindparam("of"),
        notification_attempts.c.number == bindparam("attempt"),
    )
    .values(ended=bindparam("end"), milliseconds=bindparam("took"))
)


async def overdue(db: Database, before: datetime) -> bool:
    """Whether something was to be sent before then, or an incident has news to hear."""
    late = and_(notifications.c.due_at.is_not(None), notifications.c.due_at < before)
    async with db.read() as connection:
        for one in (late, notifications.c.news != ""):
            if await connection.scalar(select(notifications.c.id).where(one).limit(1)) is not None:
                return True
    return False
