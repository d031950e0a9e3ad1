"""What providers tell about deliveries: events, doubled and in any order, recorded in bulk.

SendGrid's own users report the same event three times on average (sendgrid/docs#2933), so each
is known by the provider's id, and a delivery only ever moves forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Text,
    and_,
    case,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import batch_of, delivery_of
from domain.model import Value
from domain.publication import DeliveryState
from domain.times import UtcTime
from store.bulk import Bulk
from store.columns import Moment, moment_text
from store.database import Database
from store.deliveries import Place, hold_batches, layout_of, move_forward
from store.suppressions import EVERY_CLASS
from store.tables import batches, broadcasts, delivery_events, recipients, suppressions

HARD_BOUNCE = "bounce"
"""The reason code of a bounce that will not get better; SendGrid calls the other kind blocked."""


_NOBODY = 0
"""In the table, of an event about a whole batch; recipients' ids begin at 1."""


class DeliveryEvent(Value):
    """One thing that a provider says about a mail of ours.

    ``id`` is the provider's own, by which repeats are known. The keys are the marks that we sent
    along (``domain.ids``); one may be missing. ``kind`` is the state that the event proves.
    """

    id: str
    kind: DeliveryState
    at: UtcTime
    batch_key: str | None = None
    delivery_key: str | None = None
    reason_code: str | None = None


class Recorded(Value):
    """What became of a list of events; the three add up to its length.

    ``unknown`` carry no mark of ours, or that of a broadcast that this ledger does not know: the
    latter are kept, and applied when it is planned.
    """

    new: int
    duplicate: int
    unknown: int


class _Marked(NamedTuple):
    """An event with its marks read."""

    id: str
    broadcast: str
    batch: int | None
    attempt: int | None
    recipient: int | None
    kind: DeliveryState
    at: datetime
    reason_code: str | None


async def record(db: Database, events: Sequence[DeliveryEvent]) -> Recorded:
    """Record events and move their deliveries, batches and suppressions; idempotent, any order.

    One transaction: pass some thousand at most. Hard bounces suppress the address for every
    class of message. Raises ``StoreUnavailable``; then nothing is kept, and all may be passed
    again.
    """
    read = [_read_marks(event) for event in events]
    marked = {one.id: one for one in read if one is not None}
    unmarked = read.count(None)
    if not marked:
        return Recorded(new=0, duplicate=0, unknown=unmarked)
    async with db.write() as connection:
        known = await _broadcasts(connection, {one.broadcast for one in marked.values()})
        strangers = sorted({one.broadcast for one in marked.values()} - known.keys())
        if strangers:
            # One of them may be being planned at this moment: wait for that, and ask again.
            for key in strangers:
                await db.serialise(connection, f"broadcast/{key}")
            known |= await _broadcasts(connection, set(strangers))
        new = [marked[one] for one in await _keep(db, connection, marked.values(), known)]
        await _apply(db, connection, new, known)
    early = sum(one.broadcast not in known for one in new)
    return Recorded(
        new=len(new) - early,
        duplicate=len(events) - unmarked - len(new),
        unknown=unmarked + early,
    )


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
        _Marked(
            id=row.id,
            broadcast=row.broadcast,
            batch=row.batch,
            attempt=row.attempt,
            recipient=row.recipient_id or None,
            kind=DeliveryState(row.kind),
            at=row.at,
            reason_code=row.reason_code,
        )
        for row in rows
    ]
    await _apply(db, connection, early, known)
    await connection.execute(update(delivery_events).where(waiting).values(early=False))


def _read_marks(event: DeliveryEvent) -> _Marked | None:
    broadcast: str | None = None
    batch = attempt = recipient = None
    try:
        if event.batch_key is not None:
            broadcast, batch, attempt = batch_of(event.batch_key)
        if event.delivery_key is not None:
            of, recipient = delivery_of(event.delivery_key)
            if broadcast not in (None, of):
                return None
            broadcast = of
    except ValueError:
        return None
    if broadcast is None:
        return None
    return _Marked(
        id=event.id[:200],
        broadcast=broadcast,
        batch=batch,
        attempt=attempt,
        recipient=recipient,
        kind=event.kind,
        at=event.at,
        reason_code=None if event.reason_code is None else event.reason_code[:64],
    )


async def _broadcasts(connection: AsyncConnection, keys: set[str]) -> dict[str, int]:
    """The id of each broadcast among ``keys`` that the ledger knows."""
    rows = await connection.execute(
        select(broadcasts.c.key, broadcasts.c.id).where(broadcasts.c.key.in_(sorted(keys)))
    )
    return {row.key: row.id for row in rows}


async def _keep(
    db: Database,
    connection: AsyncConnection,
    events: Iterable[_Marked],
    known: dict[str, int],
) -> list[str]:
    """Insert the events that are not there yet, and return their ids."""
    bulk = Bulk(
        db.dialect,
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
            one.broadcast not in known,
        )
        for one in events
    )
    inserted = await connection.scalars(
        db.insert_or_ignore(delivery_events, ["broadcast", "recipient_id", "id"])
        .from_select(list(bulk.table.c.keys()), bulk.select(), include_defaults=False)
        .returning(delivery_events.c.id),
        bulk.parameter(rows),
    )
    return list(inserted)


async def _apply(
    db: Database,
    connection: AsyncConnection,
    events: Sequence[_Marked],
    known: dict[str, int],
) -> None:
    proofs: dict[Place, tuple[int, datetime]] = {}
    wanted: dict[Place, DeliveryState] = {}
    reasons: dict[Place, str | None] = {}
    held: set[Place] = set()
    bounced: dict[Place, datetime] = {}
    for one in events:
        if one.broadcast not in known:
            continue
        broadcast_id = known[one.broadcast]
        if one.batch is not None and one.attempt is not None:
            batch = (broadcast_id, one.batch)
            attempt, at = proofs.get(batch, (one.attempt, one.at))
            proofs[batch] = (max(attempt, one.attempt), min(at, one.at))
            held.add(batch)
        if one.recipient is not None:
            place = (broadcast_id, one.recipient)
            number = (await layout_of(db, connection, broadcast_id)).batch_of(one.recipient)
            if number is None:
                continue
            held.add((broadcast_id, number))
            if place not in wanted or wanted[place].rank < one.kind.rank:
                wanted[place], reasons[place] = one.kind, one.reason_code
            if one.kind is DeliveryState.BOUNCED and one.reason_code == HARD_BOUNCE:
                bounced[place] = one.at
    await hold_batches(db, connection, held)
    await _enter_proofs(db, connection, proofs)
    await move_forward(db, connection, wanted, reasons)
    await _suppress(db, connection, bounced)


async def _enter_proofs(
    db: Database, connection: AsyncConnection, proofs: dict[Place, tuple[int, datetime]]
) -> None:
    if not proofs:
        return
    bulk = Bulk(
        db.dialect, broadcast_id=Integer(), number=Integer(), attempt=Integer(), at=Moment()
    )
    proof = bulk.table.c
    before = func.coalesce(batches.c.proven_attempt, 0)
    await connection.execute(
        update(batches)
        .where(batches.c.broadcast_id == proof.broadcast_id, batches.c.number == proof.number)
        .values(
            proven_attempt=case((before < proof.attempt, proof.attempt), else_=before),
            proven_at=case((batches.c.proven_at < proof.at, batches.c.proven_at), else_=proof.at),
        ),
        bulk.parameter(
            (*batch, attempt, moment_text(at)) for batch, (attempt, at) in sorted(proofs.items())
        ),
    )


async def _suppress(
    db: Database, connection: AsyncConnection, bounced: dict[Place, datetime]
) -> None:
    if not bounced:
        return
    bulk = Bulk(db.dialect, recipient_id=BigInteger(), at=Moment())
    mailboxes = (
        select(
            recipients.c.mailbox,
            literal(EVERY_CLASS),
            literal("bounced"),
            literal("event"),
            func.min(bulk.table.c.at),
        )
        .select_from(bulk.table)
        .join(recipients, recipients.c.id == bulk.table.c.recipient_id)
        .group_by(recipients.c.mailbox)
        .order_by(recipients.c.mailbox)
    )
    await connection.execute(
        db.insert_or_ignore(suppressions).from_select(
            ["mailbox", "message_class", "reason", "source", "at"],
            mailboxes,
            include_defaults=False,
        ),
        bulk.parameter(
            (recipient, moment_text(at)) for (_, recipient), at in sorted(bounced.items())
        ),
    )
