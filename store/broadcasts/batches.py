"""Batches of a broadcast: the right to send one, and the provider's acceptance.

A batch is one request to the provider and a range of recipients' ids. Like a publication it is
written ``sending`` before the request, by a compare-and-set in one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, update

from domain.errors import DomainError
from domain.explanation import Explanation
from domain.publication import DeliveryState, PublicationState, Receipt
from store.broadcasts.addressees import NOBODY, Sendables, look_at, sendables
from store.broadcasts.batch_rows import (
    ACCEPTED,
    BatchRow,
    acceptance,
    batch_is,
    enter_accepted,
    get_batch,
    lock_batch,
    place,
    read_batch,
)
from store.broadcasts.taking import TAKE, Answered, BatchReservation, Wanted, take_together
from store.deliveries.deliveries import lock_batches, move_forward
from store.deliveries.layout import layout_of
from store.kernel.database import Apart, Database
from store.kernel.errors import StoreUnavailable
from store.kernel.gathering import Gathering
from store.kernel.priority import Priority
from store.kernel.transitions import stored
from store.offers.codes import Issuing, MadeCodes
from store.tables import batches, suppressions

_S = PublicationState
_NOBODY_LEFT = stored(Explanation(what="It has nobody left to write to."))

_ACCEPT_SENT = ACCEPTED.where(batches.c.state == _S.SENDING)


MOST_TOGETHER = 8
"""Batches in one transaction: a few milliseconds each, in which their rows are locked."""


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
    which was ``answered`` meanwhile, and issuing codes. On PostgreSQL all who ask at the same
    moment share a transaction; on SQLite, where a statement is no trip, each has its own.
    """
    if db.dialect == "postgresql":
        wanted = Wanted(number, at, answered)
        try:
            reservation = await _take_with_others(db, broadcast_id, digest, wanted, issuing)
        except (Apart, StoreUnavailable):
            # Nothing of it was kept, perhaps because of somebody else's batch.
            pass
        else:
            if reservation is not None:
                return reservation
            # The answer is entered. Alone it waits for whoever holds the batch.
            answered = None
    return await _reserve_alone(db, broadcast_id, number, digest, at, answered, issuing)


async def _reserve_alone(
    db: Database,
    broadcast_id: int,
    number: int,
    digest: str,
    at: datetime,
    answered: Answered | None = None,
    issuing: Issuing | None = None,
) -> BatchReservation:
    values = {**place(broadcast_id, number), "b_digest": digest, "b_at": at}

    def look(connection: Connection) -> _Look:
        people, suppressed = look_at(connection, db.dialect, broadcast_id, number)
        made = issuing.make(people.ids) if issuing and not suppressed else None
        return _Look(people, suppressed, made)

    def reserve(connection: Connection, see: Callable[[], _Look]) -> BatchReservation | None:
        if answered is not None:
            _accept_sent(connection, broadcast_id, answered)
        won = connection.execute(TAKE, values).first()
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
        return await _reserve_alone(db, broadcast_id, number, digest, at)
    return reservation or await _not_reserved(db, broadcast_id, number)


async def _not_reserved(db: Database, broadcast_id: int, number: int) -> BatchReservation:
    """What a caller gets who may not send; enters as accepted what an event has proven."""
    async with db.write(Priority.NORMAL) as connection:
        row = await lock_batch(connection, broadcast_id, number)
        if row.proven and row.state is _S.PLANNED:
            row, _ = await enter_accepted(connection, row, None, None)
        return BatchReservation(False, row, NOBODY, None)


class _Kind(NamedTuple):
    """Reservations that may be made in one transaction have the same."""

    broadcast_id: int
    digest: str
    issues: Hashable


_Group = Gathering[Wanted, BatchReservation | None]
_GROUPS: WeakKeyDictionary[Database, dict[_Kind, _Group]] = WeakKeyDictionary()


async def _take_with_others(
    db: Database, broadcast_id: int, digest: str, wanted: Wanted, issuing: Issuing | None
) -> BatchReservation | None:
    """Take a batch together with those that other ranges of this process want meanwhile."""

    async def take(all_wanted: Sequence[Wanted]) -> list[BatchReservation | None]:
        return await db.write_with(
            lambda connection: take_together(connection, broadcast_id, digest, all_wanted, issuing)
        )

    groups = _GROUPS.setdefault(db, {})
    kind = _Kind(broadcast_id, digest, issuing and issuing.of)
    group = groups.setdefault(kind, Gathering(take, MOST_TOGETHER))
    try:
        return await group.ask(wanted)
    finally:
        if group.idle and groups.get(kind) is group:
            # It refers to the ledger, which would otherwise never be forgotten.
            del groups[kind]


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
