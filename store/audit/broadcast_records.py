"""What the ledger and the events say of each broadcast, and what does not add up in it.

Everything is counted in the database, so that a million recipients cost seconds and no memory.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.model import Value
from domain.publication import DeliveryState, PublicationState
from domain.suppression import Preference
from domain.times import UtcTime
from store.broadcasts.batch_rows import BatchRow, batch_query, read_batch
from store.deliveries.deliveries import COUNTERS, SUPPRESSED
from store.kernel.database import Database
from store.tables import batches, broadcasts, deliveries, delivery_events

_S = PublicationState
OPEN = (_S.PLANNED, _S.SENDING, _S.UNKNOWN, _S.REFUSED, _S.ABANDONED)
"""States of a batch of which a person may want to know more than how many there are."""

SHOWN = 20
"""The most batches of a broadcast that are read one by one."""

_EVENTS_TELL = (
    DeliveryState.PROCESSED,
    DeliveryState.DELIVERED,
    DeliveryState.DROPPED,
    DeliveryState.BOUNCED,
)


class BroadcastRecords(Value):
    """One broadcast, as the ledger and the events have it.

    ``planned`` and ``batches`` are what was fixed, ``recipients`` and ``laid_out`` what the rows of
    its batches add up to. ``by_state`` counts batches; ``open`` are the first of those that are
    not over. The rest are counts of what must not be: ``miscounted`` names each counter with its
    value and the rows it stands for; ``proven_unsettled`` batches are proven by an event and not
    entered as accepted; ``behind`` recipients have an event that goes further than their row, and
    ``unproven`` a row that goes further than any event; ``unapplied`` events came before the plan.
    """

    id: int
    key: str
    number: int
    revision: int
    channel: str
    audience: str
    digest: str
    paused: bool
    planned: int
    suppressed: int
    elsewhere: int
    batches: int
    planned_at: UtcTime
    recipients: int
    laid_out: int
    by_state: dict[PublicationState, int]
    open: tuple[BatchRow, ...]
    unexplained: tuple[int, ...]
    miscounted: dict[str, tuple[int, int]]
    proven_unsettled: tuple[int, ...]
    events: int
    behind: int
    unproven: int
    unapplied: int


async def broadcast_records(db: Database, incident: str) -> list[BroadcastRecords]:
    """Every broadcast of an incident, in the order in which they were planned."""
    async with db.read() as connection:
        found = await connection.execute(
            select(broadcasts).where(broadcasts.c.incident == incident).order_by(broadcasts.c.id)
        )
        plans = [dict(row._mapping) for row in found]
    records: list[BroadcastRecords] = []
    for plan in plans:
        # One transaction for each, so that its counts are of one moment.
        async with db.read() as connection:
            counted = {
                **await _batches(connection, plan["id"]),
                **await _rows(connection, plan["id"], plan["suppressed"] + plan["elsewhere"]),
                **await _events(connection, plan["id"], plan["key"]),
            }
        records.append(BroadcastRecords.model_validate({**plan, **counted}))
    return records


async def _batches(connection: AsyncConnection, broadcast_id: int) -> dict[str, object]:
    of = batches.c.broadcast_id == broadcast_id
    rows = await connection.execute(
        select(batches.c.state, func.count(), func.sum(batches.c.size))
        .where(of)
        .group_by(batches.c.state)
    )
    counts = {PublicationState(state): (many, int(size)) for state, many, size in rows}
    opened = await connection.execute(
        batch_query().where(of, batches.c.state.in_(OPEN)).limit(SHOWN)
    )
    settled = and_(batches.c.state != _S.PLANNED, batches.c.state != _S.SENDING)
    wordless = batches.c.explanation == ""
    unexplained = await connection.scalars(
        select(batches.c.number)
        .where(of, settled, batches.c.state != _S.ACCEPTED, wordless)
        .order_by(batches.c.number)
        .limit(SHOWN)
    )
    unsettled = await connection.scalars(
        select(batches.c.number)
        .where(of, batches.c.proven_attempt.is_not(None), batches.c.state != _S.ACCEPTED)
        .order_by(batches.c.number)
        .limit(SHOWN)
    )
    return {
        "by_state": {state: many for state, (many, _) in counts.items()},
        "laid_out": sum(many for many, _ in counts.values()),
        "recipients": sum(size for _, size in counts.values()),
        "open": tuple(read_batch(row._mapping) for row in opened),
        "unexplained": tuple(unexplained),
        "proven_unsettled": tuple(unsettled),
    }


async def _rows(connection: AsyncConnection, broadcast_id: int, left_out: int) -> dict[str, object]:
    """The counters of the batches that differ from the rows of the recipients."""
    rows = await connection.execute(
        select(deliveries.c.withheld, deliveries.c.state, func.count())
        .where(deliveries.c.broadcast_id == broadcast_id)
        .group_by(deliveries.c.withheld, deliveries.c.state)
    )
    # Who was left out when it was planned has a row and is in no batch.
    there = dict.fromkeys(COUNTERS, 0) | {SUPPRESSED: -left_out}
    for withheld, state, many in rows:
        there[SUPPRESSED if withheld else state] = (
            there.get(SUPPRESSED if withheld else state, 0) + many
        )
    sums = [func.coalesce(func.sum(batches.c[name]), 0).label(name) for name in COUNTERS]
    counted = (
        await connection.execute(select(*sums).where(batches.c.broadcast_id == broadcast_id))
    ).one()
    return {
        "miscounted": {
            name: (int(counted._mapping[name]), there[name])
            for name in COUNTERS
            if int(counted._mapping[name]) != there[name]
        }
    }


async def _events(connection: AsyncConnection, broadcast_id: int, key: str) -> dict[str, object]:
    of = delivery_events.c.broadcast == key
    total, unapplied = (
        await connection.execute(
            select(
                func.count(),
                func.coalesce(func.sum(case((delivery_events.c.early, 1), else_=0)), 0),
            ).where(of)
        )
    ).one()
    its_row = and_(
        deliveries.c.broadcast_id == broadcast_id,
        deliveries.c.recipient_id == delivery_events.c.recipient_id,
    )
    in_a_batch = exists().where(
        batches.c.broadcast_id == broadcast_id,
        batches.c.first <= delivery_events.c.recipient_id,
        batches.c.last >= delivery_events.c.recipient_id,
    )
    behind = await connection.scalar(
        select(func.count(delivery_events.c.recipient_id.distinct()))
        .select_from(delivery_events.outerjoin(deliveries, its_row))
        .where(
            of,
            delivery_events.c.recipient_id > 0,
            or_(
                deliveries.c.state.is_(None),
                _rank(delivery_events.c.kind) > _rank(deliveries.c.state),
            ),
            in_a_batch,
        )
    )
    has_event = exists().where(
        of,
        delivery_events.c.recipient_id == deliveries.c.recipient_id,
        _rank(delivery_events.c.kind) >= _rank(deliveries.c.state),
    )
    unproven = await connection.scalar(
        select(func.count())
        .select_from(deliveries)
        .where(
            deliveries.c.broadcast_id == broadcast_id,
            deliveries.c.state.in_([state.value for state in _EVENTS_TELL]),
            ~has_event,
        )
    )
    return {
        "events": total,
        "unapplied": int(unapplied),
        "behind": behind or 0,
        "unproven": unproven or 0,
    }


def _rank(word: ColumnElement[str]) -> ColumnElement[int]:
    """The rank of a stored word; a recipient's preference proves that the mail arrived."""
    ranks = {state.value: state.rank for state in DeliveryState}
    ranks |= {one.value: DeliveryState.DELIVERED.rank for one in Preference}
    return case(
        *((word == name, literal(rank, Integer)) for name, rank in ranks.items()),
        else_=literal(-1, Integer),
    )
