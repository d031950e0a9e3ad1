"""The row of one batch, and the two ways in which it changes state."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import batch_key
from domain.publication import PublicationState, Receipt
from store.deliveries.deliveries import COUNTERS
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.kernel.transitions import MAY_COME_FROM, LedgerRow, read_explanation, stored
from store.tables import batches, broadcasts

_S = PublicationState
_PROVEN = stored(Explanation(what="An event of the provider proves that it went out."))


class BatchRow(LedgerRow):
    """The state of one batch; its recipients' ids lie from ``first`` to ``last``, both included.

    ``key`` is the mark of its current attempt. ``proven`` says that an event of the provider has
    carried the mark of one of its attempts.
    """

    broadcast_id: int
    number: int
    first: int
    last: int
    size: int
    key: str
    proven: bool


# Built once: a broadcast runs these three times per thousand recipients, and building a statement
# costs more than SQLite needs to run it.
OF_ROW = and_(
    batches.c.broadcast_id == bindparam("b_broadcast"), batches.c.number == bindparam("b_number")
)
KEY_OF_ROW = (
    select(broadcasts.c.key)
    .where(broadcasts.c.id == batches.c.broadcast_id)
    .scalar_subquery()
    .label("broadcast_key")
)
LEFT = batches.c.size - sum((batches.c[name] for name in COUNTERS[1:]), batches.c[COUNTERS[0]])
"""How many recipients of a batch have no row of their own: they are in the batch's state."""

LOCK_BATCH = select(batches, KEY_OF_ROW).where(OF_ROW).with_for_update(of=batches)
ACCEPTED = (
    update(batches)
    .where(OF_ROW)
    .values(
        state=_S.ACCEPTED.value,
        receipt_id=bindparam("b_receipt_id", type_=batches.c.receipt_id.type),
        receipt_at=bindparam("b_receipt_at", type_=batches.c.receipt_at.type),
        accepted_at=func.coalesce(
            bindparam("b_at", type_=batches.c.accepted_at.type),
            batches.c.proven_at,
            batches.c.started_at,
        ),
        explanation=bindparam("b_explanation"),
    )
)
ACCEPT = ACCEPTED.returning(*batches.c, KEY_OF_ROW, LEFT.label("left"))


async def lock_batch(connection: AsyncConnection, broadcast_id: int, number: int) -> BatchRow:
    """One batch, locked until the transaction ends; ``DomainError`` if there is none."""
    row = (await connection.execute(LOCK_BATCH, place(broadcast_id, number))).first()
    if row is None:
        raise no_such_batch(broadcast_id, number)
    return read_batch(row._mapping)


async def enter_accepted(
    connection: AsyncConnection, row: BatchRow, receipt: Receipt | None, at: datetime | None
) -> tuple[BatchRow, int]:
    """Enter a locked batch as accepted; also return how many recipients that speaks for.

    Without a receipt it was an event that proved it, and its time counts.
    """
    entered = await connection.execute(
        ACCEPT, acceptance(row.broadcast_id, row.number, receipt, at)
    )
    accepted = entered.one()
    return read_batch(accepted._mapping), int(accepted.left)


def acceptance(
    broadcast_id: int, number: int, receipt: Receipt | None, at: datetime | None
) -> dict[str, object]:
    """The parameters of ``ACCEPT``."""
    return {
        **place(broadcast_id, number),
        "b_receipt_id": receipt.id if receipt else None,
        "b_receipt_at": receipt.at if receipt else None,
        "b_at": at,
        "b_explanation": "" if receipt else _PROVEN,
    }


async def move_batch(
    db: Database,
    broadcast_id: int,
    number: int,
    to: PublicationState,
    only: ColumnElement[bool],
    ended_at: datetime | None,
    why: Explanation,
) -> BatchRow:
    """Move a batch to ``to`` if that is possible and ``only`` is true; return it as it is."""
    ended = {} if ended_at is None else {"ended_at": ended_at}
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(batches)
            .where(batch_is(broadcast_id, number), batches.c.state.in_(MAY_COME_FROM[to]), only)
            .values(state=to.value, explanation=stored(why), **ended)
        )
        return await get_batch(connection, broadcast_id, number)


def batch_is(broadcast_id: int, number: int) -> ColumnElement[bool]:
    """The condition on a row that it is this batch."""
    return and_(batches.c.broadcast_id == broadcast_id, batches.c.number == number)


def place(broadcast_id: int, number: int) -> dict[str, object]:
    """The parameters of ``OF_ROW``."""
    return {"b_broadcast": broadcast_id, "b_number": number}


def batch_query() -> Select[*tuple[object, ...]]:
    """Rows for ``read_batch``, by number."""
    return select(batches, KEY_OF_ROW).order_by(batches.c.number)


async def get_batch(connection: AsyncConnection, broadcast_id: int, number: int) -> BatchRow:
    """One batch as it is; ``DomainError`` if there is none."""
    query = batch_query().where(batch_is(broadcast_id, number))
    row = (await connection.execute(query)).first()
    if row is None:
        raise no_such_batch(broadcast_id, number)
    return read_batch(row._mapping)


def no_such_batch(broadcast_id: int, number: int) -> DomainError:
    """The error for a batch that was never laid out."""
    return DomainError(
        f"Broadcast {broadcast_id} has no batch {number}.",
        "Check that every process uses the same database URL.",
    )


def read_batch(row: RowMapping) -> BatchRow:
    """A batch from its table's columns and ``broadcast_key``."""
    receipt = None
    if row["receipt_id"] is not None:
        receipt = Receipt(id=row["receipt_id"], at=row["receipt_at"])
    return BatchRow.model_validate(
        {
            **row,
            "receipt": receipt,
            "explanation": read_explanation(row["explanation"]),
            "key": batch_key(row["broadcast_key"], row["number"], row["attempt"]),
            "proven": row["proven_attempt"] is not None,
        }
    )
