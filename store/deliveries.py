"""Deliveries, one row for each recipient of a broadcast, and the counts kept beside them.

Whoever changes a batch's deliveries holds the batch's row first: it is the lock for all of them,
and its counters change in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import BigInteger, Integer, Text, and_, false, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publication import DeliveryState
from store.bulk import Bulk
from store.database import Database
from store.tables import batches, broadcasts, deliveries

SUPPRESSED = "suppressed"
COUNTED = tuple(state.value for state in DeliveryState if state is not DeliveryState.PLANNED)
COUNTERS = (SUPPRESSED, *COUNTED)
"""The counting columns of a batch; what is missing to its size is still planned."""

RANK = {state.value: state.rank for state in DeliveryState}

Place = tuple[int, int]
"""(broadcast id, position) of a delivery, or (broadcast id, number) of a batch."""


def batch_number(position: int, batch_size: int) -> int:
    """The number of the batch in which a position is; both begin at 1."""
    return (position - 1) // batch_size + 1


async def batch_sizes(connection: AsyncConnection, ids: Collection[int]) -> dict[int, int]:
    """The batch size of each broadcast."""
    rows = await connection.execute(
        select(broadcasts.c.id, broadcasts.c.batch_size).where(broadcasts.c.id.in_(sorted(ids)))
    )
    return {row.id: row.batch_size for row in rows}


async def hold_batches(
    db: Database, connection: AsyncConnection, places: Collection[Place]
) -> None:
    """Hold the rows of these batches until the transaction ends, in one order for everybody."""
    if db.dialect == "sqlite" or not places:
        return
    bulk = Bulk(db.dialect, broadcast_id=Integer(), number=Integer())
    await connection.execute(
        select(batches.c.number)
        .join(
            bulk.table,
            and_(
                batches.c.broadcast_id == bulk.table.c.broadcast_id,
                batches.c.number == bulk.table.c.number,
            ),
        )
        .order_by(batches.c.broadcast_id, batches.c.number)
        .with_for_update(of=batches),
        bulk.parameter(sorted(places)),
    )


async def move_forward(
    db: Database,
    connection: AsyncConnection,
    wanted: Mapping[Place, DeliveryState],
    reasons: Mapping[Place, str | None],
) -> int:
    """Move each delivery to its wanted state unless it is there or further; return how many moved.

    The caller holds the batches concerned. Deliveries that do not exist are passed over.
    """
    if not wanted:
        return 0
    places = _places(db)
    found = await connection.execute(
        select(
            deliveries.c.broadcast_id,
            deliveries.c.position,
            deliveries.c.state,
            deliveries.c.withheld,
        ).join(
            places.table,
            and_(
                deliveries.c.broadcast_id == places.table.c.broadcast_id,
                deliveries.c.position == places.table.c.position,
            ),
        ),
        places.parameter(sorted(wanted)),
    )
    sizes = await batch_sizes(connection, {broadcast for broadcast, _ in wanted})
    moves: list[tuple[int, int, str, str | None]] = []
    change: Counter[tuple[int, int, str]] = Counter()
    for broadcast, position, state, withheld in found:
        place = (broadcast, position)
        to = wanted[place].value
        if RANK[to] <= RANK[state]:
            continue
        moves.append((*place, to, reasons.get(place)))
        batch = batch_number(position, sizes[broadcast])
        change[(broadcast, batch, SUPPRESSED if withheld else state)] -= 1
        change[(broadcast, batch, to)] += 1
    if moves:
        moved = _moves(db)
        await connection.execute(
            update(deliveries)
            .where(
                deliveries.c.broadcast_id == moved.table.c.broadcast_id,
                deliveries.c.position == moved.table.c.position,
            )
            .values(
                state=moved.table.c.state,
                reason=func.coalesce(moved.table.c.reason, deliveries.c.reason),
                withheld=false(),
            ),
            moved.parameter(moves),
        )
        await _count(db, connection, change)
    return len(moves)


async def _count(
    db: Database, connection: AsyncConnection, change: Mapping[tuple[int, int, str], int]
) -> None:
    touched = sorted({(broadcast, batch) for broadcast, batch, _ in change})
    counts = _counts(db)
    await connection.execute(
        update(batches)
        .where(
            batches.c.broadcast_id == counts.table.c.broadcast_id,
            batches.c.number == counts.table.c.number,
        )
        .values({name: batches.c[name] + counts.table.c[f"more_{name}"] for name in COUNTERS}),
        counts.parameter(
            (*batch, *(change.get((*batch, name), 0) for name in COUNTERS)) for batch in touched
        ),
    )


def _places(db: Database) -> Bulk:
    return Bulk(db.dialect, broadcast_id=Integer(), position=BigInteger())


def _moves(db: Database) -> Bulk:
    return Bulk(
        db.dialect, broadcast_id=Integer(), position=BigInteger(), state=Text(), reason=Text()
    )


def _counts(db: Database) -> Bulk:
    more = {f"more_{name}": Integer() for name in COUNTERS}
    return Bulk(db.dialect, broadcast_id=Integer(), number=Integer(), **more)
