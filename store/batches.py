"""Batches of a broadcast: who may send which, to whom, and that the provider accepted it.

A batch is one request to the provider and a range of recipients' ids. Like a publication it is
written ``sending`` before the request, by a compare-and-set in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    select,
    true,
    update,
)

from domain.publication import DeliveryState, PublicationState, Receipt
from store.batch_rows import (
    ACCEPTED,
    HOLD,
    KEY_OF_ROW,
    OF_ROW,
    BatchRow,
    acceptance,
    batch_is,
    enter_accepted,
    get_batch,
    hold_batch,
    place,
    read_batch,
)
from store.bulk import Bulk
from store.codes import Issuing, MadeCodes
from store.columns import Moment
from store.database import Apart, Database, DialectName, insert_or_ignore
from store.deliveries import SUPPRESSED, hold_batches, layout_of, move_forward
from store.ledger import capped
from store.suppressions import stands_against
from store.tables import batches, broadcasts, deliveries, recipients

_S = PublicationState

# Built once, see batch_rows.
_RESERVE = (
    update(batches)
    .where(
        OF_ROW,
        batches.c.state == _S.PLANNED,
        batches.c.proven_attempt.is_(None),
        exists().where(
            broadcasts.c.id == bindparam("b_broadcast"),
            broadcasts.c.digest == bindparam("b_digest"),
            ~broadcasts.c.paused,
        ),
    )
    .values(
        state=_S.SENDING.value,
        attempt=func.coalesce(bindparam("b_attempt", type_=Integer), batches.c.attempt + 1),
        started_at=bindparam("b_at", type_=Moment),
        reason="",
        next_step="",
    )
    .returning(*batches.c, KEY_OF_ROW)
)
_ACCEPT_SENT = ACCEPTED.where(batches.c.state == _S.SENDING)


class Sendables(NamedTuple):
    """Recipients of a batch who are still to be written to, in columns of one length."""

    ids: Sequence[int]
    addresses: list[str]


_NOBODY = Sendables((), [])


class Answered(NamedTuple):
    """A batch that the provider has accepted, and when we heard of it."""

    number: int
    receipt: Receipt
    at: datetime


class BatchReservation(NamedTuple):
    """Whether the caller may send now, the row as it is, and then to whom.

    ``codes`` are their codes, in the same order, or None if they are still to be issued.
    """

    reserved: bool
    row: BatchRow
    people: Sendables
    codes: list[str] | None


async def reserve_batch(
    db: Database,
    broadcast_id: int,
    number: int,
    digest: str,
    at: datetime,
    attempt: int | None = None,
    *,
    answered: Answered | None = None,
    issuing: Issuing | None = None,
) -> BatchReservation:
    """Take the right to send a batch: planned to sending, if the broadcast has this digest.

    Nobody gets it while the broadcast is paused. ``attempt`` None means one more than the last.
    ``reserved`` is true for one caller only, who also gets its ``addressees``; everybody else gets
    the row as it is. A batch that an event has proven meanwhile is entered as accepted instead.
    ``DomainError`` if there is no such batch.

    What else there is to do goes into the same transaction if it can: entering the batch before,
    which was ``answered`` meanwhile, and issuing codes.
    """
    values = {**place(broadcast_id, number), "b_digest": digest, "b_at": at, "b_attempt": attempt}

    def look(connection: Connection) -> _Look:
        people, suppressed = _look(connection, db.dialect, broadcast_id, number)
        made = issuing.make(people.ids) if issuing and not suppressed else None
        return _Look(people, suppressed, made)

    def reserve(connection: Connection, seen: _Look) -> BatchReservation | None:
        if answered is not None:
            _accept_sent(connection, broadcast_id, answered)
        won = connection.execute(_RESERVE, values).first()
        if won is None:
            return None
        row = read_batch(won._mapping)
        if seen.suppressed or row.attempt > 1:
            # To be noted, or changed a moment ago by the end of the attempt before.
            people = _sendables(connection, db.dialect, broadcast_id, number)
            seen = _Look(people, [], issuing.make(people.ids) if issuing else None)
        if issuing and seen.made:
            issuing.enter(connection, seen.made)
        return BatchReservation(True, row, seen.people, seen.made and seen.made.codes)

    try:
        reservation = await db.look_and_write(look, reserve)
    except Apart:
        if answered is not None:
            await accept_batch(db, broadcast_id, *answered)
        return await reserve_batch(db, broadcast_id, number, digest, at, attempt)
    if reservation is not None:
        return reservation
    async with db.write() as connection:
        row = await hold_batch(connection, broadcast_id, number)
        if row.proven and row.state is _S.PLANNED:
            row, _ = await enter_accepted(connection, row, None, None)
        return BatchReservation(False, row, _NOBODY, None)


class _Look(NamedTuple):
    """What was seen of a batch before it was taken."""

    people: Sendables
    suppressed: list[int]
    made: MadeCodes | None


def _accept_sent(connection: Connection, broadcast_id: int, answered: Answered) -> None:
    values = acceptance(broadcast_id, *answered)
    if not connection.execute(_ACCEPT_SENT, values).rowcount:
        # An event was faster than the provider's answer, say.
        raise Apart


async def addressees(db: Database, broadcast_id: int, number: int) -> Sendables:
    """Who of a batch is still to be written to, by recipient id.

    Leaves out everybody of whom more is known already (an event, a refusal), and whoever was
    suppressed since the broadcast was planned; the latter are marked, and stay unsent. If nobody
    is left, call ``close_empty_batch``.
    """
    return await db.write_with(
        lambda connection: _sendables(connection, db.dialect, broadcast_id, number)
    )


def _sendables(
    connection: Connection, dialect: DialectName, broadcast_id: int, number: int
) -> Sendables:
    people, suppressed = _look(connection, dialect, broadcast_id, number)
    if suppressed:
        _withhold(connection, dialect, broadcast_id, number, suppressed)
    return people


def _look(
    connection: Connection, dialect: DialectName, broadcast_id: int, number: int
) -> tuple[Sendables, list[int]]:
    """Who of a batch is to be written to, and which of the others are suppressed."""
    found = connection.execute(_addressees(dialect), place(broadcast_id, number)).one()
    suppressed: list[int] = orjson.loads(found.suppressed or "[]")
    if not found.many:
        return _NOBODY, suppressed
    addresses: list[str] = orjson.loads(found.addresses)
    if found.last - found.first + 1 == found.many:
        return Sendables(range(found.first, found.last + 1), addresses), suppressed
    ids = connection.scalar(_ids(dialect), place(broadcast_id, number))
    return Sendables(orjson.loads(ids or "[]"), addresses), suppressed


def _withhold(
    connection: Connection,
    dialect: DialectName,
    broadcast_id: int,
    number: int,
    suppressed: list[int],
) -> None:
    connection.execute(HOLD, place(broadcast_id, number))
    bulk = Bulk(dialect, recipient_id=BigInteger())
    marked = connection.execute(
        insert_or_ignore(dialect, deliveries, ["broadcast_id", "recipient_id"]).from_select(
            ["broadcast_id", "state", "withheld", "reason", "recipient_id"],
            bulk.select(broadcast_id, DeliveryState.PLANNED.value, true(), SUPPRESSED),
        ),
        bulk.parameter((recipient,) for recipient in suppressed),
    )
    connection.execute(
        update(batches)
        .where(batch_is(broadcast_id, number))
        .values(suppressed=batches.c.suppressed + marked.rowcount)
    )


@cache
def _addressees(dialect: DialectName) -> Select[Any]:
    """Whom to write to: how many, the first and last id, addresses; and ids that are suppressed.

    One row that the database puts together, with lists in JSON, costs far less than a thousand
    that Python does. Nearly always nobody is missing between the first id and the last.
    """
    people = _people()
    well = ~people.c.suppressed
    listed = func.json_group_array if dialect == "sqlite" else func.json_agg
    return select(
        func.count().filter(well).label("many"),
        func.min(people.c.id).filter(well).label("first"),
        func.max(people.c.id).filter(well).label("last"),
        cast(listed(people.c.address).filter(well), Text).label("addresses"),
        cast(listed(people.c.id).filter(people.c.suppressed), Text).label("suppressed"),
    )


@cache
def _ids(dialect: DialectName) -> Select[Any]:
    """The ids of whom to write to, as a JSON list."""
    people = _people()
    listed = func.json_group_array if dialect == "sqlite" else func.json_agg
    return select(cast(listed(people.c.id).filter(~people.c.suppressed), Text))


def _people() -> Subquery:
    return (
        select(
            recipients.c.id,
            recipients.c.address,
            stands_against(recipients.c.mailbox, broadcasts.c.message_class).label("suppressed"),
        )
        .select_from(batches)
        .join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
        .join(
            recipients,
            and_(
                recipients.c.audience_id == broadcasts.c.audience_id,
                recipients.c.id.between(batches.c.first, batches.c.last),
            ),
        )
        .where(
            OF_ROW,
            ~exists().where(
                deliveries.c.broadcast_id == bindparam("b_broadcast"),
                deliveries.c.recipient_id == recipients.c.id,
            ),
        )
        .order_by(recipients.c.id)
        .subquery()
    )


async def accept_batch(
    db: Database, broadcast_id: int, number: int, receipt: Receipt, at: datetime
) -> BatchRow:
    """Enter the provider's word that it accepted a batch, for it and its waiting deliveries.

    Idempotent; the first receipt stays. Wins over whatever we believed.
    """
    async with db.write() as connection:
        row = await hold_batch(connection, broadcast_id, number)
        if row.state is not _S.ACCEPTED:
            row, _ = await enter_accepted(connection, row, receipt, at)
        elif row.receipt is None:
            # An event was faster than the provider's answer.
            await connection.execute(
                update(batches)
                .where(batch_is(broadcast_id, number))
                .values(receipt_id=receipt.id, receipt_at=receipt.at)
            )
            row = row.model_copy(update={"receipt": receipt})
        return row


async def close_empty_batch(db: Database, broadcast_id: int, number: int) -> BatchRow:
    """Enter that a reserved batch was not sent because nobody in it is left to write to."""
    async with db.write() as connection:
        await connection.execute(
            update(batches)
            .where(batch_is(broadcast_id, number), batches.c.state == _S.SENDING)
            .values(state=_S.WITHDRAWN.value, reason="Nobody in it is left to write to.")
        )
        return await get_batch(connection, broadcast_id, number)


async def refuse_deliveries(
    db: Database, broadcast_id: int, recipients: Iterable[int], reason: str
) -> int:
    """Enter that the provider will not take these recipients; return how many that changed."""
    places = [(broadcast_id, recipient) for recipient in recipients]
    async with db.write() as connection:
        layout = await layout_of(db, connection, broadcast_id)
        numbers = {layout.batch_of(recipient) for _, recipient in places}
        held = {(broadcast_id, number) for number in numbers if number is not None}
        await hold_batches(db, connection, held)
        return await move_forward(
            db,
            connection,
            dict.fromkeys(places, DeliveryState.REFUSED),
            dict.fromkeys(places, capped(reason)[:100]),
        )


async def find_batch(db: Database, broadcast_id: int, number: int) -> BatchRow:
    """One batch as it is; ``DomainError`` if there is none."""
    async with db.read() as connection:
        return await get_batch(connection, broadcast_id, number)
