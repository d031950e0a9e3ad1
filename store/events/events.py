"""What providers report about deliveries: events, doubled and in any order, recorded in bulk.

A provider may report the same thing several times, so each event is known by the provider's id, and
a delivery only ever moves forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Text,
    Update,
    and_,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from domain.delivery_events import DeliveryEvent
from domain.model import Value
from domain.publication import DeliveryState
from domain.sample import SAMPLES_KEY
from domain.subscribers import CONFIRMATIONS_KEY
from store.deliveries.deliveries import RANK, Place, lock_batches, move_forward
from store.deliveries.layout import layout_of
from store.events.confirmations import enter_confirmations
from store.events.marks import Marked, kind_of, read_marks
from store.events.preferences import enter_preferences
from store.events.unmarked import enter_addresses
from store.kernel.bulk import Bulk
from store.kernel.columns import Moment, moment_text
from store.kernel.database import Database, DialectName, insert_or_ignore
from store.kernel.priority import Priority
from store.tables import batches, broadcasts, delivery_events

_NO_BROADCAST = frozenset({CONFIRMATIONS_KEY, SAMPLES_KEY})
"""The keys of mail that belongs to none. What becomes of samples nobody needs to know."""

_NOBODY = 0
"""In the table, of an event about a whole batch; recipients' ids begin at 1."""


class Recorded(Value):
    """The result of recording a list of events; the three add up to its length.

    ``unknown`` events have no mark of ours and ask for nothing that concerns an address, or have
    that of a broadcast that this ledger does not know; the latter are kept, and applied when it is
    planned. Mails that ask for a confirmation belong to no broadcast, and are known.
    """

    new: int
    duplicate: int
    unknown: int

    def __add__(self, other: Recorded) -> Recorded:
        return Recorded(
            new=self.new + other.new,
            duplicate=self.duplicate + other.duplicate,
            unknown=self.unknown + other.unknown,
        )


async def record(db: Database, events: Sequence[DeliveryEvent]) -> Recorded:
    """Record events and move their deliveries, batches and suppressions; idempotent, any order.

    One transaction: pass a few thousand at most. Bounces, complaints and preferences are entered in
    the suppressions (``store.events.preferences``), also those that have only an address
    (``store.events.unmarked``). Raises ``StoreUnavailable``; then nothing is
    kept, and all may be passed again.
    """
    [recorded] = await record_groups(db, [events])
    return recorded


async def record_groups(db: Database, groups: Sequence[Sequence[DeliveryEvent]]) -> list[Recorded]:
    """``record`` for several lists in one transaction: the result of each.

    An event that is in two of them is new in the first.
    """
    read = [[read_marks(event) or event for event in group] for group in groups]
    marked: dict[str, Marked] = {}
    bare: dict[str, DeliveryEvent] = {}
    for one in (one for group in read for one in group):
        if isinstance(one, Marked):
            marked.setdefault(one.id, one)
        elif one.address is not None:
            bare.setdefault(one.id, one)
    known: dict[str, int] = {}
    new: set[str] = set()
    suppressed: set[str] = set()
    if marked or bare:
        keys = {one.broadcast for one in marked.values()} - _NO_BROADCAST
        async with db.write(Priority.BULK) as connection:
            known = await _broadcasts(connection, keys)
            strangers = sorted(keys - known.keys())
            if strangers:
                # One of them may be in the middle of being planned: wait for that, and ask again.
                for key in strangers:
                    await db.serialise(connection, f"broadcast/{key}")
                known |= await _broadcasts(connection, set(strangers))
            new = await _keep(db, connection, marked.values(), known)
            fresh = [marked[one] for one in sorted(new)]
            await _apply(db, connection, fresh, known)
            confirming = (one for one in fresh if one.broadcast == CONFIRMATIONS_KEY)
            await enter_confirmations(db, connection, confirming)
            suppressed = await enter_addresses(db, connection, bare.values())
    return [_counted(group, new, known, suppressed) for group in read]


def _counted(
    group: Sequence[Marked | DeliveryEvent],
    new: set[str],
    known: Mapping[str, int],
    suppressed: set[str],
) -> Recorded:
    """Count a group, and take its events out of the two sets, so that each is new only once."""
    fresh = early = unmarked = 0
    for one in group:
        if isinstance(one, DeliveryEvent):
            if one.id in suppressed:
                suppressed.discard(one.id)
                fresh += 1
            elif one.address is None:
                unmarked += 1
        elif one.id in new:
            new.discard(one.id)
            if _is_known(one, known):
                fresh += 1
            else:
                early += 1
    return Recorded(
        new=fresh,
        duplicate=len(group) - unmarked - fresh - early,
        unknown=unmarked + early,
    )


def _is_known(event: Marked, known: Mapping[str, int]) -> bool:
    """Whether an event is about mail that this ledger knows, and is applied at once."""
    return event.broadcast in known or event.broadcast in _NO_BROADCAST


async def apply_early(db: Database, connection: AsyncConnection, key: str) -> None:
    """Apply the events that came before their broadcast was planned.

    For ``broadcasts.plan``, in whose transaction it runs.
    """
    waiting = and_(delivery_events.c.broadcast == key, delivery_events.c.early)
    rows = (await connection.execute(select(delivery_events).where(waiting))).all()
    if not rows:
        return
    known = await _broadcasts(connection, {key})
    early = [
        Marked(
            id=row.id,
            broadcast=row.broadcast,
            batch=row.batch,
            attempt=row.attempt,
            recipient=row.recipient_id or None,
            kind=kind_of(row.kind),
            at=row.at,
            reason_code=row.reason_code,
        )
        for row in rows
    ]
    await _apply(db, connection, early, known)
    await connection.execute(update(delivery_events).where(waiting).values(early=False))


async def _broadcasts(connection: AsyncConnection, keys: set[str]) -> dict[str, int]:
    """The id of each broadcast among ``keys`` that the ledger knows."""
    rows = await connection.execute(
        select(broadcasts.c.key, broadcasts.c.id).where(broadcasts.c.key.in_(sorted(keys)))
    )
    return {row.key: row.id for row in rows}


async def _keep(
    db: Database,
    connection: AsyncConnection,
    events: Iterable[Marked],
    known: dict[str, int],
) -> set[str]:
    """Insert the events that are not there yet, and return their ids."""
    bulk, insert = _keeping(db.dialect)
    rows = sorted(
        (
            one.broadcast,
            one.recipient or _NOBODY,
            one.id,
            one.batch,
            one.attempt,
            one.kind.value,
            moment_text(one.at),
            one.reason_code,
            not _is_known(one, known),
        )
        for one in events
    )
    return set(await connection.scalars(insert, bulk.parameter(rows)))


async def _apply(
    db: Database,
    connection: AsyncConnection,
    events: Sequence[Marked],
    known: dict[str, int],
) -> None:
    proofs: dict[Place, tuple[int, datetime]] = {}
    wanted: dict[Place, DeliveryState] = {}
    reasons: dict[Place, str | None] = {}
    touched: set[Place] = set()
    layouts = {key: await layout_of(db, connection, known[key]) for key in sorted(known)}
    ours = [one for one in events if one.broadcast in known]
    for one in ours:
        broadcast_id = known[one.broadcast]
        if one.batch is not None and one.attempt is not None:
            batch = (broadcast_id, one.batch)
            attempt, at = proofs.get(batch, (one.attempt, one.at))
            proofs[batch] = (max(attempt, one.attempt), min(at, one.at))
            touched.add(batch)
        if one.recipient is not None:
            number = layouts[one.broadcast].batch_of(one.recipient)
            if number is None:
                continue
            touched.add((broadcast_id, number))
            place, proven = (broadcast_id, one.recipient), one.proves
            if place not in wanted or RANK[wanted[place]] < RANK[proven]:
                wanted[place], reasons[place] = proven, one.reason_code
    await lock_batches(db, connection, touched)
    await _enter_proofs(db, connection, proofs)
    await move_forward(db, connection, wanted, reasons)
    await enter_preferences(db, connection, ours)


async def _enter_proofs(
    db: Database, connection: AsyncConnection, proofs: dict[Place, tuple[int, datetime]]
) -> None:
    if not proofs:
        return
    bulk, enter = _proving(db.dialect)
    await connection.execute(
        enter,
        bulk.parameter(
            (*batch, attempt, moment_text(at)) for batch, (attempt, at) in sorted(proofs.items())
        ),
    )


# Built once: under a small request, putting a statement together costs more than running it.
@cache
def _keeping(dialect: DialectName) -> tuple[Bulk, ReturningInsert[str]]:
    bulk = Bulk(
        dialect,
        broadcast=Text(),
        recipient_id=BigInteger(),
        id=Text(),
        batch=Integer(),
        attempt=Integer(),
        kind=Text(),
        at=Moment(),
        reason_code=Text(),
        early=Boolean(),
    )
    insert = insert_or_ignore(dialect, delivery_events, ["broadcast", "recipient_id", "id"])
    selecting = insert.from_select(list(bulk.table.c.keys()), bulk.select(), include_defaults=False)
    return bulk, selecting.returning(delivery_events.c.id)


@cache
def _proving(dialect: DialectName) -> tuple[Bulk, Update]:
    bulk = Bulk(dialect, broadcast_id=Integer(), number=Integer(), attempt=Integer(), at=Moment())
    proof = bulk.table.c
    before = func.coalesce(batches.c.proven_attempt, 0)
    entering = (
        update(batches)
        .where(
            batches.c.broadcast_id == proof.broadcast_id,
            batches.c.number == proof.number,
            # Most events prove what others have proven already.
            or_(
                before < proof.attempt,
                batches.c.proven_at.is_(None),
                batches.c.proven_at > proof.at,
            ),
        )
        .values(
            proven_attempt=case((before < proof.attempt, proof.attempt), else_=before),
            proven_at=case((batches.c.proven_at < proof.at, batches.c.proven_at), else_=proof.at),
        )
    )
    return bulk, entering
