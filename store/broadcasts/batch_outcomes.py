"""The outcome of a batch that was not accepted: certainly not sent, refused, or unknown.

Unknown batches wait for the provider's events. One event with a batch's mark settles it. Only a
batch that no event has proven may be sent again, and only while events do come.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, select, update

from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState
from store.broadcasts import silence
from store.broadcasts.batch_rows import (
    BatchRow,
    batch_query,
    enter_accepted,
    get_batch,
    lock_batch,
    move_batch,
    read_batch,
)
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.kernel.transitions import stored
from store.tables import batches

_S = PublicationState
_RELEASED = Explanation(what="Nothing proved that it went out, so it is sent again.")


class SettledByEvents(Value):
    """How many batches events have settled, and how many recipients without one that accepted."""

    batches: int
    accepted: int


async def batch_nothing_went_out(
    db: Database, broadcast_id: int, number: int, attempt: int, why: Explanation, at: datetime
) -> BatchRow:
    """Return the right to send: it is certain that this attempt did not go out."""
    only = and_(batches.c.attempt == attempt, batches.c.proven_attempt.is_(None))
    return await move_batch(db, broadcast_id, number, _S.PLANNED, only, at, why)


async def refuse_batch(
    db: Database,
    broadcast_id: int,
    number: int,
    attempt: int,
    why: Explanation,
    at: datetime,
) -> BatchRow:
    """Enter that the provider, or a rule, said no and nothing of this attempt went out."""
    only = batches.c.attempt == attempt
    return await move_batch(db, broadcast_id, number, _S.REFUSED, only, at, why)


async def mark_batch_unknown(
    db: Database,
    broadcast_id: int,
    number: int,
    attempt: int,
    why: Explanation,
    at: datetime,
) -> BatchRow:
    """Enter that nobody knows whether this attempt went out."""
    only = batches.c.attempt == attempt
    return await move_batch(db, broadcast_id, number, _S.UNKNOWN, only, at, why)


async def get(db: Database, broadcast_id: int, number: int) -> BatchRow:
    """One batch as it is; ``DomainError`` if there is none."""
    async with db.read() as connection:
        return await get_batch(connection, broadcast_id, number)


async def unknown_batches(db: Database, broadcast_id: int) -> list[BatchRow]:
    """The batches of which nobody knows whether they went out, by number."""
    async with db.read() as connection:
        rows = await connection.execute(
            batch_query().where(
                batches.c.broadcast_id == broadcast_id, batches.c.state == _S.UNKNOWN
            )
        )
        return [read_batch(row._mapping) for row in rows]


async def kept_back(db: Database, broadcast_id: int) -> bool:
    """Whether a batch was not sent again because silence about it proves nothing."""
    async with db.read() as connection:
        found = await connection.scalar(
            select(batches.c.number)
            .where(
                batches.c.broadcast_id == broadcast_id,
                batches.c.state == _S.UNKNOWN,
                batches.c.explanation == stored(silence.OF_BATCH),
            )
            .limit(1)
        )
        return found is not None


async def has_begun(db: Database, broadcast_id: int) -> bool:
    """Whether any batch was accepted, or may have gone out."""
    async with db.read() as connection:
        found = await connection.scalar(
            select(batches.c.number)
            .where(
                batches.c.broadcast_id == broadcast_id,
                batches.c.state.in_((_S.ACCEPTED, _S.UNKNOWN)),
            )
            .limit(1)
        )
        return found is not None


async def planned_batches(db: Database, broadcast_id: int) -> tuple[int, ...]:
    """The numbers of the batches that nobody has begun to send, or that came back unsent."""
    async with db.read() as connection:
        rows = await connection.scalars(
            select(batches.c.number)
            .where(batches.c.broadcast_id == broadcast_id, batches.c.state == _S.PLANNED)
            .order_by(batches.c.number)
        )
        return tuple(rows)


async def settle_by_events(db: Database, broadcast_id: int) -> SettledByEvents:
    """Enter as accepted every batch that an event of the provider has proven.

    A request is accepted whole or not at all, so one event speaks for all its recipients. That
    includes a batch that was released for another attempt in the meantime.
    """
    async with db.read() as connection:
        proven = (
            await connection.scalars(
                select(batches.c.number).where(
                    batches.c.broadcast_id == broadcast_id,
                    batches.c.proven_attempt.is_not(None),
                    batches.c.state != _S.ACCEPTED,
                )
            )
        ).all()
    settled = accepted = 0
    for number in proven:
        async with db.write(Priority.NORMAL) as connection:
            row = await lock_batch(connection, broadcast_id, number)
            if row.state is not _S.ACCEPTED:
                _, recipients = await enter_accepted(connection, row, None, None)
                accepted += recipients
                settled += 1
    return SettledByEvents(batches=settled, accepted=accepted)


async def release_batch(db: Database, broadcast_id: int, number: int) -> BatchRow:
    """Let a batch of unknown outcome be sent again, unless an event has proven it."""
    only = and_(batches.c.state == _S.UNKNOWN, batches.c.proven_attempt.is_(None))
    return await move_batch(db, broadcast_id, number, _S.PLANNED, only, None, _RELEASED)


async def release_unknown(
    db: Database,
    broadcast_id: int,
    before: datetime,
    max_attempts: int,
    at: datetime,
    *,
    tells_events: bool = True,
) -> tuple[int, ...]:
    """``release_batch`` for all that began before ``before``, in fewer than ``max_attempts``.

    Only where silence proves something by now (``at``): see ``silence``, unless the channel
    never ``tells_events``. The others wait for a person, and their rows say why. Returns the
    numbers of those released, in order.
    """
    async with db.write(Priority.NORMAL) as connection:
        due = (
            await connection.execute(
                select(batches.c.number, batches.c.started_at).where(
                    batches.c.broadcast_id == broadcast_id,
                    batches.c.state == _S.UNKNOWN,
                    batches.c.proven_attempt.is_(None),
                    batches.c.started_at < before,
                    batches.c.attempt < max_attempts,
                )
            )
        ).all()
        if not due:
            return ()
        began = {row.number: row.started_at for row in due}
        released = set(began)
        if tells_events:
            settled_by = before + (at - before) / 2
            heard = await silence.control_batches(
                connection, broadcast_id, min(began.values()), settled_by
            )
            released = {number for number, start in began.items() if heard.events_came_since(start)}
        for numbers, values in (
            (released, {"state": _S.PLANNED.value, "explanation": stored(_RELEASED)}),
            (set(began) - released, {"explanation": stored(silence.OF_BATCH)}),
        ):
            await connection.execute(
                update(batches)
                .where(batches.c.broadcast_id == broadcast_id, batches.c.number.in_(numbers))
                .values(values)
            )
    return tuple(sorted(released))
