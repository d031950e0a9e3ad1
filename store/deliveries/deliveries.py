"""Deliveries: what is known of single recipients of a broadcast, and the counts kept beside them.

A recipient has a row only once something is known that the batch does not say: an event, a
refusal, a suppression. So planning and sending a million mails write a thousand rows, not two
million, and a recipient without a row is in the state of their batch.

Lock the batch's row before changing its deliveries: it is the lock for all of them, and its
counters change in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    and_,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publication import DeliveryState
from store.deliveries.layout import layout_of
from store.kernel.bulk import Bulk
from store.kernel.database import Database, DialectName, upsert
from store.tables import batches, deliveries

SUPPRESSED = "suppressed"
ELSEWHERE = "in another audience of this message"
NOT_CHOSEN = "subscribed to other components"
COUNTED = tuple(
    state.value
    for state in DeliveryState
    if state not in (DeliveryState.PLANNED, DeliveryState.ACCEPTED)
)
COUNTERS = (SUPPRESSED, *COUNTED)
"""The counting columns of a batch; recipients beyond their sum have no row."""

RANK = {state.value: state.rank for state in DeliveryState}
_NO_ROW = DeliveryState.ACCEPTED.rank
"""An event is evidence beyond any word that a batch may have."""

Place = tuple[int, int]
"""(broadcast id, recipient id) of a delivery, or (broadcast id, number) of a batch."""


async def lock_batches(
    db: Database, connection: AsyncConnection, places: Collection[Place]
) -> None:
    """Lock the rows of these batches until the transaction ends, always in the same order."""
    if db.dialect == "sqlite" or not places:
        return
    bulk, lock = _locking(db.dialect)
    await connection.execute(lock, bulk.parameter(sorted(places)))


async def move_forward(
    db: Database,
    connection: AsyncConnection,
    wanted: Mapping[Place, DeliveryState],
    reasons: Mapping[Place, str | None],
) -> int:
    """Move each delivery to its wanted state unless it is there or further; return how many moved.

    The caller has locked the batches concerned. Recipients who are in no batch are skipped.
    """
    if not wanted:
        return 0
    places, query = _states(db.dialect)
    found = await connection.execute(query, places.parameter(sorted(wanted)))
    states = {(row[0], row[1]): (row[2], row[3]) for row in found}
    layouts = {one: await layout_of(db, connection, one) for one in {at for at, _ in wanted}}
    moves: list[tuple[int, int, str, bool, str | None]] = []
    change: Counter[tuple[int, int, str]] = Counter()
    for place, kind in sorted(wanted.items()):
        broadcast, recipient = place
        batch = layouts[broadcast].batch_of(recipient)
        to = kind.value
        state, withheld = states.get(place, (None, False))
        if batch is None or RANK[to] <= (_NO_ROW if state is None else RANK[state]):
            continue
        moves.append((broadcast, recipient, to, False, reasons.get(place)))
        if state is not None:
            change[(broadcast, batch, SUPPRESSED if withheld else state)] -= 1
        change[(broadcast, batch, to)] += 1
    if moves:
        await enter_rows(db, connection, moves)
        await _count(db, connection, change)
    return len(moves)


async def enter_rows(
    db: Database,
    connection: AsyncConnection,
    rows: Collection[tuple[int, int, str, bool, str | None]],
) -> None:
    """Insert or overwrite rows of (broadcast, recipient, state, withheld, reason).

    A reason that was given once stays unless a new one comes. Counters are the caller's business.
    """
    bulk, insert = _entering(db.dialect)
    await connection.execute(insert, bulk.parameter(rows))


async def _count(
    db: Database, connection: AsyncConnection, change: Mapping[tuple[int, int, str], int]
) -> None:
    touched = sorted({(broadcast, batch) for broadcast, batch, _ in change})
    counts, add = _counting(db.dialect)
    await connection.execute(
        add,
        counts.parameter(
            (*batch, *(change.get((*batch, name), 0) for name in COUNTERS)) for batch in touched
        ),
    )


# Built once: for a few events, putting a statement together costs more than running it.
@cache
def _locking(dialect: DialectName) -> tuple[Bulk, Select[int]]:
    bulk = Bulk(dialect, broadcast_id=Integer(), number=Integer())
    lock = (
        select(batches.c.number)
        .join(
            bulk.table,
            and_(
                batches.c.broadcast_id == bulk.table.c.broadcast_id,
                batches.c.number == bulk.table.c.number,
            ),
        )
        .order_by(batches.c.broadcast_id, batches.c.number)
        .with_for_update(of=batches)
    )
    return bulk, lock


@cache
def _states(dialect: DialectName) -> tuple[Bulk, Select[int, int, str, bool]]:
    places = Bulk(dialect, broadcast_id=Integer(), recipient_id=BigInteger())
    query = select(
        deliveries.c.broadcast_id,
        deliveries.c.recipient_id,
        deliveries.c.state,
        deliveries.c.withheld,
    ).join(
        places.table,
        and_(
            deliveries.c.broadcast_id == places.table.c.broadcast_id,
            deliveries.c.recipient_id == places.table.c.recipient_id,
        ),
    )
    return places, query


@cache
def _entering(dialect: DialectName) -> tuple[Bulk, Insert]:
    bulk = Bulk(
        dialect,
        broadcast_id=Integer(),
        recipient_id=BigInteger(),
        state=Text(),
        withheld=Boolean(),
        reason=Text(),
    )
    insert = upsert(dialect, deliveries).from_select(
        list(bulk.table.c.keys()), bulk.select(), include_defaults=False
    )
    insert = insert.on_conflict_do_update(
        index_elements=["broadcast_id", "recipient_id"],
        set_={
            "state": insert.excluded.state,
            "withheld": insert.excluded.withheld,
            "reason": func.coalesce(insert.excluded.reason, deliveries.c.reason),
        },
    )
    return bulk, insert


@cache
def _counting(dialect: DialectName) -> tuple[Bulk, Update]:
    more = {f"more_{name}": Integer() for name in COUNTERS}
    counts = Bulk(dialect, broadcast_id=Integer(), number=Integer(), **more)
    add = (
        update(batches)
        .where(
            batches.c.broadcast_id == counts.table.c.broadcast_id,
            batches.c.number == counts.table.c.number,
        )
        .values({name: batches.c[name] + counts.table.c[f"more_{name}"] for name in COUNTERS})
    )
    return counts, add
