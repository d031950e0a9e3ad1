"""What is due to be sent to whom: taking it, and entering how an attempt ended.

All that is due for one person in one incident is one message. An attempt is entered before it
begins. One whose worker died is made again, once it counts as lost: a person may be notified twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import ContactMethod
from domain.model import Value
from domain.notification_pace import MOST_MESSAGES, TOGETHER_FOR, again_after
from domain.notifications import DeliveryEnd, NotificationReason, NotificationState
from store.kernel.columns import Moment
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.notifications.rows import Notification, is_open, read
from store.tables import notification_attempts, notifications

_S = NotificationState

LOST_AFTER = timedelta(seconds=30)
"""How long after its beginning an attempt without an end is lost: longer than any may take."""

MOST_ATTEMPTS = 200
"""How often one person is tried about one thing, whatever came of it."""

_over: ColumnElement[bool] = notifications.c.state == _S.ENDED


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
        _over.label("over"),
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

    What somebody has acknowledged or ended meanwhile is not in it. ``choose`` says how, and is
    called in the transaction.
    """
    async with db.write(Priority.NORMAL) as connection:
        await db.serialise(connection, f"notifications/{group.person}/{group.incident}")
        found = [read(row) for row in await connection.execute(_all_of(group, now))]
        if not found:
            return None
        together = await _sent_a_moment_ago(connection, group, found, now)
        way = choose(found)
        ids = [one.id for one in found]
        if way.gone or (way.method is None and way.until is None):
            await _unreachable(connection, group, found, way, now)
            return None
        wait = max((one for one in (way.until, together) if one is not None), default=None)
        if wait is not None and wait > now:
            await connection.execute(_these(ids).values(due_at=wait))
            return None
        assert way.method is not None
        await connection.execute(
            _these(ids).values(due_at=now + LOST_AFTER, attempts=notifications.c.attempts + 1)
        )
        rows = [
            {
                "notification_id": one.id,
                "number": one.attempts + 1,
                "at": now,
                "method": way.method.name,
                "kind": way.method.kind.value,
            }
            for one in found
        ]
        await connection.execute(notification_attempts.insert(), rows)
    counted = (one.model_copy(update={"attempts": one.attempts + 1}) for one in found)
    return Taken(group=group, way=way, notifications=tuple(counted))


async def finish(
    db: Database, taken: Taken, ended: DeliveryEnd, milliseconds: int, now: datetime
) -> None:
    """Enter how an attempt ended, and when the next one is."""
    handed = ended is DeliveryEnd.HANDED_OVER
    numbers = or_(
        false(),
        *(
            and_(
                notification_attempts.c.notification_id == one.id,
                notification_attempts.c.number == one.attempts,
            )
            for one in taken.notifications
        ),
    )
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(notification_attempts)
            .where(numbers)
            .values(ended=ended.value, milliseconds=milliseconds)
        )
        if taken.group.over:
            await _told_or_not(connection, taken, now, handed=handed)
        elif handed:
            await _handed_over(connection, taken, now)
        else:
            await _failed(connection, taken, now)


async def overdue(db: Database, before: datetime) -> bool:
    """Whether something was to be sent before then, or an incident has news to hear."""
    late = and_(notifications.c.due_at.is_not(None), notifications.c.due_at < before)
    async with db.read() as connection:
        for one in (late, notifications.c.news != ""):
            if await connection.scalar(select(notifications.c.id).where(one).limit(1)) is not None:
                return True
    return False


def _all_of(group: Group, now: datetime) -> Select[Any]:
    """All of a group if something of it is due: what is asked again later comes along."""
    ours = and_(
        notifications.c.person == group.person,
        notifications.c.incident == group.incident,
        notifications.c.method == group.method,
        _over if group.over else is_open(),
        notifications.c.due_at.is_not(None),
    )
    # A contact test is answered by itself.
    ours = and_(ours, notifications.c.due_at <= now if group.method else true())
    some = select(notifications.c.id).where(ours, notifications.c.due_at <= now).exists()
    return select(notifications).where(ours, some).order_by(notifications.c.id)


async def _sent_a_moment_ago(
    connection: AsyncConnection, group: Group, found: Sequence[Notification], now: datetime
) -> datetime | None:
    """When the minute is over in which whatever is new is gathered; None if it is."""
    if group.over or group.method or any(one.failures for one in found):
        return None
    last = await connection.scalar(
        select(notifications.c.handed_at)
        .where(
            notifications.c.person == group.person,
            notifications.c.incident == group.incident,
            notifications.c.handed_at > now - TOGETHER_FOR,
        )
        .order_by(notifications.c.handed_at.desc())
        .limit(1)
    )
    return None if last is None else last + TOGETHER_FOR


async def _handed_over(connection: AsyncConnection, taken: Taken, now: datetime) -> None:
    worst = min(one.severity for one in taken.notifications)
    fewest = min(one.messages for one in taken.notifications) + 1
    wait = None if _is_test(taken) else again_after(worst, fewest)
    again: ColumnElement[Any] = null()
    if wait is not None:
        messages = notifications.c.messages + 1
        again = case((messages >= MOST_MESSAGES, null()), else_=literal(now + wait, Moment()))
    await connection.execute(
        _these(taken.ids)
        .where(is_open())
        .values(
            state=_S.HANDED_OVER.value,
            handed_at=now,
            messages=notifications.c.messages + 1,
            place=notifications.c.place + 1,
            failures=0,
            due_at=again,
        )
    )
    # It was settled while it was under way: whoever got it is told that, too.
    await connection.execute(
        _these(taken.ids)
        .where(
            _over,
            notifications.c.handed_at.is_(None),
            notifications.c.person != notifications.c.ended_by,
        )
        .values(handed_at=now, told=False, due_at=now)
    )


async def _failed(connection: AsyncConnection, taken: Taken, now: datetime) -> None:
    failures = max(one.failures for one in taken.notifications) + 1
    if _is_test(taken) or failures >= taken.way.many:
        await _unreachable(connection, taken.group, taken.notifications, taken.way, now, failures)
        return
    # The next method at once.
    await connection.execute(
        _these(taken.ids)
        .where(is_open())
        .values(place=notifications.c.place + 1, failures=failures, due_at=now)
    )


async def _told_or_not(
    connection: AsyncConnection, taken: Taken, now: datetime, *, handed: bool
) -> None:
    failures = max(one.failures for one in taken.notifications) + 1
    values: dict[str, object] = {"told": True, "due_at": None}
    if not handed and failures < taken.way.many:
        values = {"place": notifications.c.place + 1, "failures": failures, "due_at": now}
    await connection.execute(_these(taken.ids).where(_over).values(values))


async def _unreachable(
    connection: AsyncConnection,
    group: Group,
    found: Sequence[Notification],
    way: Way,
    now: datetime,
    failures: int = 1,
) -> None:
    """Nobody is reached by any method: the incident is told once, and it is tried again later."""
    ids = [one.id for one in found]
    if group.over:
        await connection.execute(_these(ids).values(told=True, due_at=None))
        return
    rounds = max(1, failures // max(1, way.many))
    wait = again_after(min(one.severity for one in found), rounds)
    tried_out = max(one.attempts for one in found) >= MOST_ATTEMPTS
    again = None if way.gone or group.method or tried_out or wait is None else now + wait
    is_news = and_(notifications.c.state != _S.UNREACHABLE, notifications.c.incident != "")
    await connection.execute(
        _these(ids)
        .where(is_open())
        .values(
            news=case((is_news, _S.UNREACHABLE.value), else_=notifications.c.news),
            state=_S.UNREACHABLE.value,
            place=notifications.c.place + 1,
            failures=failures,
            due_at=again,
        )
    )


def _is_test(taken: Taken) -> bool:
    return taken.notifications[0].reason is NotificationReason.CONTACT_TEST


def _these(ids: Sequence[int]) -> Update:
    return update(notifications).where(notifications.c.id.in_(ids))
