"""Batches of a broadcast: the right to send one, and the provider's acceptance.

A batch is one request to the provider and a range of recipients' ids. Like a publication it is
written ``sending`` before the request, by a compare-and-set in one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    bindparam,
    exists,
    update,
)

from domain.errors import DomainError
from domain.explanation import Explanation
from domain.publication import DeliveryState, PublicationState, Receipt
from store.broadcasts.addressees import NOBODY, Sendables, look_at, sendables
from store.broadcasts.batch_rows import (
    ACCEPTED,
    KEY_OF_ROW,
    OF_ROW,
    BatchRow,
    acceptance,
    batch_is,
    enter_accepted,
    get_batch,
    lock_batch,
    place,
    read_batch,
)
from store.deliveries.deliveries import lock_batches, move_forward
from store.deliveries.layout import layout_of
from store.kernel.columns import Moment
from store.kernel.database import Apart, Database
from store.kernel.priority import Priority
from store.kernel.transitions import stored
from store.offers.codes import Issuing, MadeCodes
from store.tables import batches, broadcasts, suppressions

_S = PublicationState
_NOBODY_LEFT = stored(Explanation(what="It has nobody left to write to."))

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
        attempt=batches.c.attempt + 1,
        started_at=bindparam("b_at", type_=Moment),
        explanation="",
    )
    .returning(*batches.c, KEY_OF_ROW)
)
_ACCEPT_SENT = ACCEPTED.where(batches.c.state == _S.SENDING)


class Answered(NamedTuple):
    """A batch that the provider has accepted, and when we learnt of it."""

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
    *,
    answered: Answered | None = None,
    issuing: Issuing | None = None,
) -> BatchReservation:
    """Take the right to send a batch: planned to sending, if the broadcast has this digest.

    Nobody gets it while the broadcast is paused. ``reserved`` is true for one caller only, who also
    gets its ``addressees``; every other caller gets the row as it is. A batch that an event has
    proven meanwhile is entered as accepted instead. ``DomainError`` if there is no such batch.

    What else there is to do goes into the same transaction if it can: entering the batch before,
    which was ``answered`` meanwhile, and issuing codes.
    """
    values = {**place(broadcast_id, number), "b_digest": digest, "b_at": at}

    def look(connection: Connection) -> _Look:
        people, suppressed = look_at(connection, db.dialect, broadcast_id, number)
        made = issuing.make(people.ids) if issuing and not suppressed else None
        return _Look(people, suppressed, made)

    def reserve(connection: Connection, see: Callable[[], _Look]) -> BatchReservation | None:
        if answered is not None:
            _accept_sent(connection, broadcast_id, answered)
        won = connection.execute(_RESERVE, values).first()
        if won is None:
            return None
        row = read_batch(won._mapping)
        seen = see()
        if seen.suppressed or row.attempt > 1:
            # To be marked, or changed a moment ago by the end of the attempt before.
            people = sendables(connection, db.dialect, broadcast_id, number)
            seen = _Look(people, [], issuing.make(people.ids) if issuing else None)
        if issuing and seen.made:
            try:
                issuing.enter(connection, seen.made)
            except DomainError:
                # They may have none; asking for codes alone gives the reason.
                raise Apart from None
        return BatchReservation(True, row, seen.people, seen.made and seen.made.codes)

    try:
        reservation = await db.look_and_write(look, reserve, watched=suppressions)
    except Apart:
        if answered is not None:
            await accept_batch(db, broadcast_id, *answered)
        return await reserve_batch(db, broadcast_id, number, digest, at)
    if reservation is not None:
        return reservation
    async with db.write(Priority.NORMAL) as connection:
        row = await lock_batch(connection, broadcast_id, number)
        if row.proven and row.state is _S.PLANNED:
            row, _ = await enter_accepted(connection, row, None, None)
        return BatchReservation(False, row, NOBODY, None)


class _Look(NamedTuple):
    """What was seen of a batch before it was taken."""

    people: Sendables
    suppressed: list[int]
    made: MadeCodes | None


def _accept_sent(connection: Connection, broadcast_id: int, answered: Answered) -> None:
    values = acceptance(broadcast_id, *answered)
    if not connection.execute(_ACCEPT_SENT, values).rowcount:
        # Since then another attempt has given it up as unknown, or an event has settled it.
        raise Apart


async def accept_batch(
    db: Database, broadcast_id: int, number: int, receipt: Receipt, at: datetime
) -> BatchRow:
    """Enter the provider's word that it accepted a batch, for it and its waiting deliveries.

    Idempotent; the first receipt stays. Overrides any earlier state.
    """
    async with db.write(Priority.NORMAL) as connection:
        row = await lock_batch(connection, broadcast_id, number)
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
    """Enter that a reserved batch was not sent because it has nobody left to write to."""
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(batches)
            .where(batch_is(broadcast_id, number), batches.c.state == _S.SENDING)
            .values(state=_S.WITHDRAWN.value, explanation=_NOBODY_LEFT)
        )
        return await get_batch(connection, broadcast_id, number)


async def refuse_deliveries(
    db: Database, broadcast_id: int, recipients: Iterable[int], reason: str
) -> int:
    """Enter that the provider will not take these recipients; return how many that changed."""
    places = [(broadcast_id, recipient) for recipient in recipients]
    async with db.write(Priority.NORMAL, many_rows=True) as connection:
        layout = await layout_of(db, connection, broadcast_id)
        numbers = {layout.batch_of(recipient) for _, recipient in places}
        touched = {(broadcast_id, number) for number in numbers if number is not None}
        await lock_batches(db, connection, touched)
        return await move_forward(
            db,
            connection,
            dict.fromkeys(places, DeliveryState.REFUSED),
            dict.fromkeys(places, reason[:100]),
        )


async def find_batch(db: Database, broadcast_id: int, number: int) -> BatchRow:
    """One batch as it is; ``DomainError`` if there is none."""
    async with db.read() as connection:
        return await get_batch(connection, broadcast_id, number)
