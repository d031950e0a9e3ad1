"""The items of the outbox: what waits, what is due, each attempt, and how it ended.

Of one endpoint and one incident, only the first item that waits may go: the others come after it,
in the order in which things happened. Sending is at least once: an attempt whose worker died is
made again, with the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    delete,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.installation import Happened, InstallationEntry
from domain.model import Value
from domain.outbox import (
    FARTHEST_DUE,
    AttemptEnd,
    Ended,
    ItemState,
    gives_up,
    wait_after,
)
from domain.webhook_events import EventType
from store.installation.entries import append
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import endpoints, outbox, outbox_attempts

KEPT_FOR = timedelta(days=30)
"""How long an item is kept, and can be replayed, after it was accepted or set aside."""

ATTEMPTS_KEPT = 20
"""Of an item, the newest."""

# Not as a parameter: the index is one of these rows alone.
WAITS: ColumnElement[bool] = text("outbox.state = 'waiting'")  # type: ignore[assignment]


class Item(Value):
    """One item, as it is about to be sent; ``attempt`` is the number of the next attempt."""

    id: int
    endpoint: str
    event_id: str
    event_type: EventType
    payload: str
    attempt: int


async def enter(
    db: Database, connection: AsyncConnection, rows: Sequence[dict[str, object]], at: datetime
) -> None:
    """Enter items within a transaction of the caller; those that are there are left alone.

    Each row has ``endpoint_id``, ``event_id``, ``event_type``, ``incident`` and ``payload``.
    """
    begin = {"entered_at": at, "since": at, "due_at": at, "state": ItemState.WAITING.value}
    entering = db.insert_or_ignore(outbox, ["endpoint_id", "event_id"])
    for row in rows:
        # One by one, so that their ids are in their order.
        await connection.execute(entering.values(row | begin))


async def due(db: Database, endpoint: str, now: datetime, most: int) -> list[Item]:
    """The items that may go to an endpoint now: of each incident the first, if it is due.

    One that is due later than any wait is long was entered by a clock that was wrong.
    """
    query = (
        _first_of_each(endpoint)
        .where(or_(outbox.c.due_at <= now, outbox.c.due_at > now + FARTHEST_DUE))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(most)
    )
    async with db.read() as connection:
        return [
            Item.model_validate({**row._mapping, "attempt": row.attempt + 1})
            for row in await connection.execute(query)
        ]


async def next_due(db: Database, endpoint: str) -> datetime | None:
    """When the next item of an endpoint is due; None if nothing waits that could be sent."""
    firsts = _first_of_each(endpoint).subquery()
    async with db.read() as connection:
        row = (
            await connection.execute(
                select(outbox.c.due_at)
                .where(outbox.c.id.in_(select(firsts.c.id)))
                .order_by(outbox.c.due_at)
                .limit(1)
            )
        ).first()
        return None if row is None else row.due_at


async def begin(db: Database, item: Item, at: datetime) -> bool:
    """Enter that an attempt begins; false if somebody else has begun it, or it is not wanted."""
    async with db.write(Priority.NORMAL) as connection:
        begun = await connection.execute(
            update(outbox)
            .where(outbox.c.id == item.id, outbox.c.attempt == item.attempt - 1, WAITS)
            .values(attempt=item.attempt, tries=outbox.c.tries + 1)
        )
        if not begun.rowcount:
            return False
        row = {"item_id": item.id, "number": item.attempt, "at": at}
        await connection.execute(outbox_attempts.insert().values(row))
        await connection.execute(
            delete(outbox_attempts).where(
                outbox_attempts.c.item_id == item.id,
                outbox_attempts.c.number <= item.attempt - ATTEMPTS_KEPT,
            )
        )
    return True


async def was_lost(db: Database, item: Item) -> bool:
    """Whether the attempt before this one has no end, so that nobody knows what came of it."""
    query = select(outbox_attempts.c.ended).where(
        outbox_attempts.c.item_id == item.id, outbox_attempts.c.number == item.attempt - 1
    )
    async with db.read() as connection:
        return await connection.scalar(query) == AttemptEnd.UNDER_WAY


async def end(db: Database, item: Item, ended: Ended, at: datetime, chance: float) -> ItemState:
    """Enter how an attempt ended, and when the next one is; the item's state now.

    ``chance``, from 0 to 1, moves that time a little. An endpoint that is gone is disabled.
    """
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(outbox_attempts)
            .where(outbox_attempts.c.item_id == item.id)
            .where(outbox_attempts.c.number == item.attempt)
            .values(ended=ended.end.value, status=ended.status, milliseconds=ended.milliseconds)
        )
        row = (await connection.execute(select(outbox).where(outbox.c.id == item.id))).first()
        if row is None:
            # The endpoint was removed meanwhile.
            return ItemState.SET_ASIDE
        state, values = _after(row, item, ended, at, chance)
        if values:
            await connection.execute(update(outbox).where(outbox.c.id == item.id).values(values))
        await _note(db, connection, row.endpoint_id, item.endpoint, ended, at)
    return state


def _after(
    row: Row[Any], item: Item, ended: Ended, at: datetime, chance: float
) -> tuple[ItemState, dict[str, object]]:
    if ended.accepted:
        # Of whichever attempt: there is nothing to send again.
        return ItemState.ACCEPTED, {"state": ItemState.ACCEPTED.value, "ended_at": at}
    if row.attempt != item.attempt or row.state != ItemState.WAITING:
        # A later attempt is under way, and says what becomes of it.
        return ItemState(row.state), {}
    over = gives_up(row.tries, at - row.since) and not ended.gone
    # A line that a room may have is not repeated there.
    over = over or ended.end is AttemptEnd.IN_DOUBT
    # A ping is sent once, whatever comes back.
    if over or item.event_type is EventType.PING:
        return ItemState.SET_ASIDE, {"state": ItemState.SET_ASIDE.value, "ended_at": at}
    # It cannot have been entered later than now, or it would be tried for that much longer.
    since = min(row.since, at)
    return ItemState.WAITING, {
        "since": since,
        "due_at": at + wait_after(row.tries, ended, chance),
    }


async def _note(
    db: Database, connection: AsyncConnection, endpoint: int, name: str, ended: Ended, at: datetime
) -> None:
    here = update(endpoints).where(endpoints.c.id == endpoint)
    if ended.accepted:
        await connection.execute(here.values(succeeded_at=at))
        return
    failure = {"failed_at": at, "failure": ended.end.value, "failure_status": ended.status}
    await connection.execute(here.values(failure))
    if not ended.gone:
        return
    disabled = await connection.execute(
        here.where(endpoints.c.disabled_at.is_(None)).values(disabled_at=at)
    )
    if disabled.rowcount:
        what = Happened.ENDPOINT_DISABLED
        entry = InstallationEntry(at=at, what=what, who="frontfoot", about=name)
        await append(db, connection, entry)


async def replay(
    db: Database,
    endpoint: str,
    at: datetime,
    *,
    since: datetime | None = None,
    event_id: str = "",
) -> int:
    """Send items again that have ended, in their order, and at once those that wait; how many.

    Of those that have ended the ones entered ``since`` then, or the one of that id; with neither,
    those that were set aside.
    """
    chosen: ColumnElement[bool] = outbox.c.event_type != EventType.PING
    if event_id:
        chosen = outbox.c.event_id == event_id
    elif since is not None:
        chosen &= outbox.c.entered_at >= since
    else:
        chosen &= outbox.c.state == ItemState.SET_ASIDE
    ours = outbox.c.endpoint_id.in_(select(endpoints.c.id).where(endpoints.c.name == endpoint))
    async with db.write() as connection:
        # Whoever asks has had that system mended, and need not wait for the next attempt.
        hurried = await connection.execute(update(outbox).where(ours, WAITS).values(due_at=at))
        done = await connection.execute(
            update(outbox)
            .where(ours, chosen, outbox.c.state != ItemState.WAITING)
            .values(state=ItemState.WAITING.value, since=at, due_at=at, tries=0, ended_at=None)
        )
        return hurried.rowcount + done.rowcount


async def forget_old(db: Database, now: datetime) -> None:
    """Forget what was accepted or set aside long ago, with its attempts."""
    old = select(outbox.c.id).where(outbox.c.ended_at < now - KEPT_FOR)
    async with db.write(Priority.BULK) as connection:
        attempts = delete(outbox_attempts).where(outbox_attempts.c.item_id.in_(old))
        await connection.execute(attempts)
        await connection.execute(delete(outbox).where(outbox.c.ended_at < now - KEPT_FOR))


def chosen(event_id: str) -> ColumnElement[bool]:
    """The condition that an item is about that event; all are, if none is named."""
    return outbox.c.event_id == event_id if event_id else true()


def _first_of_each(endpoint: str) -> Select[Any]:
    """The first item of each incident that waits for an endpoint, unless it is disabled."""
    firsts = (
        select(func.min(outbox.c.id))
        .join(endpoints, endpoints.c.id == outbox.c.endpoint_id)
        .where(endpoints.c.name == endpoint, endpoints.c.disabled_at.is_(None), WAITS)
        .group_by(outbox.c.incident)
    )
    return (
        select(
            outbox.c.id,
            outbox.c.event_id,
            outbox.c.event_type,
            outbox.c.payload,
            outbox.c.attempt,
            endpoints.c.name.label("endpoint"),
        )
        .join(endpoints, endpoints.c.id == outbox.c.endpoint_id)
        .where(outbox.c.id.in_(firsts))
    )
