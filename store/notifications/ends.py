"""What becomes of notifications by how an attempt to send them ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, null, update

from domain.notification_pace import MOST_MESSAGES, again_after
from domain.notifications import NotificationReason, NotificationState
from store.kernel.columns import Moment
from store.notifications.rows import Notification, is_open, is_over, these
from store.tables import notifications

MOST_ATTEMPTS = 200
"""How often one person is tried about one thing, whatever came of it."""

_S = NotificationState
_ids = notifications.c.id.in_(bindparam("b_ids", expanding=True))
_at = bindparam("b_at", type_=Moment())
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
        is_over(),
        notifications.c.handed_at.is_(None),
        notifications.c.person != notifications.c.ended_by,
    )
    .values(handed_at=_at, told=False, due_at=_at)
)


def handed_over(connection: Connection, found: Sequence[Notification], now: datetime) -> None:
    """A service has taken it: the person is asked again later, unless it was a contact test."""
    worst = min(one.severity for one in found)
    fewest = min(one.messages for one in found) + 1
    wait = None if _is_test(found) else again_after(worst, fewest)
    ids = [one.id for one in found]
    values = {"b_ids": ids, "b_at": now, "b_again": None if wait is None else now + wait}
    connection.execute(_HANDED_OVER, values)
    connection.execute(_TOO_LATE, {"b_ids": ids, "b_at": now})


def failed(
    connection: Connection,
    found: Sequence[Notification],
    many: int,
    now: datetime,
    *,
    by_one_method: bool,
) -> None:
    """One of a person's ``many`` methods has failed: the next at once, if there is one."""
    failures = max(one.failures for one in found) + 1
    if _is_test(found) or failures >= many:
        rounds = max(1, failures // max(1, many))
        unreachable(
            connection, found, now, failures=failures, rounds=rounds, for_good=by_one_method
        )
        return
    connection.execute(
        these([one.id for one in found])
        .where(is_open())
        .values(place=notifications.c.place + 1, failures=failures, due_at=now)
    )


def unreachable(
    connection: Connection,
    found: Sequence[Notification],
    now: datetime,
    *,
    failures: int = 1,
    rounds: int = 1,
    for_good: bool,
) -> None:
    """Nobody is reached by any method: the incident is told once.

    It is tried again later, unless it is so ``for_good``; ``rounds``, how often all were tried.
    """
    wait = again_after(min(one.severity for one in found), rounds)
    tried_out = max(one.attempts for one in found) >= MOST_ATTEMPTS
    again = None if for_good or tried_out or wait is None else now + wait
    is_news = and_(notifications.c.state != _S.UNREACHABLE, notifications.c.incident != "")
    connection.execute(
        these([one.id for one in found])
        .where(is_open())
        .values(
            news=case((is_news, _S.UNREACHABLE.value), else_=notifications.c.news),
            state=_S.UNREACHABLE.value,
            place=notifications.c.place + 1,
            failures=failures,
            due_at=again,
        )
    )


def told_that_over(
    connection: Connection, found: Sequence[Notification], many: int, now: datetime, *, handed: bool
) -> None:
    """Enter that a person was told that it is over; by the next method, if this one has failed."""
    failures = max(one.failures for one in found) + 1
    values: dict[str, object] = {"told": True, "due_at": None}
    if not handed and failures < many:
        values = {"place": notifications.c.place + 1, "failures": failures, "due_at": now}
    connection.execute(these([one.id for one in found]).where(is_over()).values(values))


def _is_test(found: Sequence[Notification]) -> bool:
    return found[0].reason is NotificationReason.CONTACT_TEST
