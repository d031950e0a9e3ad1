"""What is due to be sent to whom: taking it, and entering how an attempt ended.

All that is due for one person in one incident is one message. An attempt is entered before it
begins. One whose worker died is made again, once it counts as lost: a person may be notified twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    null,
    select,
    true,
    update,
)

from domain.contact import ContactMethod
from domain.model import Value
from domain.notification_pace import MOST_MESSAGES, TOGETHER_FOR, again_after
from domain.notifications import DeliveryEnd, NotificationReason, NotificationState
from store.kernel.columns import Moment
from store.kernel.database import Database
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
    query = _all_of(over=group.over, by_one_method=bool(group.method))
    found = [read(row) for row in connection.execute(query, asked)]
    if not found:
        return None
    together = _sent_a_moment_ago(connection, group, found, now)
    way = choose(found)
    ids = [one.id for one in found]
    if way.gone or (way.method is None and way.until is None):
        _unreachable(connection, group, found, way, now)
        return None
    wait = max((one for one in (way.until, together) if one is not None), default=None)
    if wait is not None and wait > now:
        connection.execute(_these(ids).values(due_at=wait))
        return None
    assert way.method is not None
    connection.execute(_BEGINNING, {"b_ids": ids, "b_at": now + LOST_AFTER})
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
    connection.execute(notification_attempts.insert(), rows)
    counted = (one.model_copy(update={"attempts": one.attempts + 1}) for one in found)
    return Taken(group=group, way=way, notifications=tuple(counted))


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
        if taken.group.over:
            _told_or_not(connection, taken, now, handed=ended is DeliveryEnd.HANDED_OVER)
        elif ended is DeliveryEnd.HANDED_OVER:
            _handed_over(connection, taken, now)
        else:
            _failed(connection, taken, now)

    await db.write_with(work)


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


@cache
def _all_of(*, over: bool, by_one_method: bool) -> Select[Any]:
    """All of a group if something of it is due: what is asked again later comes along.

    Made once: for one message, making it takes longer than asking it.
    """
    now = bindparam("b_now", type_=Moment())
    ours = and_(
        notifications.c.person == bindparam("b_person"),
        notifications.c.incident == bindparam("b_incident"),
        notifications.c.method == bindparam("b_method"),
        _over if over else is_open(),
        notifications.c.due_at.is_not(None),
    )
    # A contact test is answered by itself.
    ours = and_(ours, notifications.c.due_at <= now if by_one_method else true())
    some = select(notifications.c.id).where(ours, notifications.c.due_at <= now).exists()
    return select(notifications).where(ours, some).order_by(notifications.c.id)


def _sent_a_moment_ago(
    connection: Connection, group: Group, found: Sequence[Notification], now: datetime
) -> datetime | None:
    """When the minute is over in which whatever is new is gathered; None if it is."""
    if group.over or group.method or any(one.failures for one in found):
        return None
    last = connection.scalar(
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


def _handed_over(connection: Connection, taken: Taken, now: datetime) -> None:
    worst = min(one.severity for one in taken.notifications)
    fewest = min(one.messages for one in taken.notifications) + 1
    wait = None if _is_test(taken) else again_after(worst, fewest)
    values = {"b_ids": taken.ids, "b_at": now, "b_again": None if wait is None else now + wait}
    connection.execute(_HANDED_OVER, values)
    connection.execute(_TOO_LATE, {"b_ids": taken.ids, "b_at": now})


_ids = notifications.c.id.in_(bindparam("b_ids", expanding=True))
_at = bindparam("b_at", type_=Moment())
_BEGINNING = (
    update(notifications).where(_ids).values(due_at=_at, attempts=notifications.c.attempts + 1)
)
_HANDED_OVER = (
    update(notifications)
    .where(_ids, is_open())
    .values(
        state=_S.HANDED_OVER.value,
        handed_at=_at,
        messages=notifications.c.messages + 1,
        place=notifications.c.place + 1,
        failures=0,
        due_at=case(
            (notifications.c.messages + 1 >= MOST_MESSAGES, null()),
            else_=bindparam("b_again", type_=Moment()),
        ),
    )
)
# It was settled while it was under way: whoever got it is told that, too.
_TOO_LATE = (
    update(notifications)
    .where(
        _ids,
        _over,
        notifications.c.handed_at.is_(None),
        notifications.c.person != notifications.c.ended_by,
    )
    .values(handed_at=_at, told=False, due_at=_at)
)


def _failed(connection: Connection, taken: Taken, now: datetime) -> None:
    failures = max(one.failures for one in taken.notifications) + 1
    if _is_test(taken) or failures >= taken.way.many:
        _unreachable(connection, taken.group, taken.notifications, taken.way, now, failures)
        return
    # The next method at once.
    connection.execute(
        _these(taken.ids)
        .where(is_open())
        .values(place=notifications.c.place + 1, failures=failures, due_at=now)
    )


def _told_or_not(connection: Connection, taken: Taken, now: datetime, *, handed: bool) -> None:
    failures = max(one.failures for one in taken.notifications) + 1
    values: dict[str, object] = {"told": True, "due_at": None}
    if not handed and failures < taken.way.many:
        values = {"place": notifications.c.place + 1, "failures": failures, "due_at": now}
    connection.execute(_these(taken.ids).where(_over).values(values))


def _unreachable(
    connection: Connection,
    group: Group,
    found: Sequence[Notification],
    way: Way,
    now: datetime,
    failures: int = 1,
) -> None:
    """Nobody is reached by any method: the incident is told once, and it is tried again later."""
    ids = [one.id for one in found]
    if group.over:
        connection.execute(_these(ids).values(told=True, due_at=None))
        return
    rounds = max(1, failures // max(1, way.many))
    wait = again_after(min(one.severity for one in found), rounds)
    tried_out = max(one.attempts for one in found) >= MOST_ATTEMPTS
    again = None if way.gone or group.method or tried_out or wait is None else now + wait
    is_news = and_(notifications.c.state != _S.UNREACHABLE, notifications.c.incident != "")
    connection.execute(
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
