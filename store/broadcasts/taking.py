"""Taking batches: the compare-and-set before a request, of one batch or of several in one step.

On PostgreSQL each statement is a trip and each transaction a commit. The batches that the ranges of
one process want at the same moment go into one transaction there, see ``reserve_batch``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    RowMapping,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from domain.errors import DomainError
from domain.publication import PublicationState, Receipt
from store.broadcasts.addressees import Found, Sendables, all_of, found_in, sendables
from store.broadcasts.batch_rows import KEY_OF_ROW, OF_ROW, BatchRow, read_batch
from store.kernel.bulk import Bulk
from store.kernel.columns import Moment, moment_text
from store.kernel.database import Apart
from store.offers.codes import Issuing
from store.recovery.locks import unlocked
from store.stops.keeping_back import not_kept_back
from store.tables import batches, broadcasts

_S = PublicationState


class Answered(NamedTuple):
    """A batch that the provider has accepted, and when we learnt of it."""

    number: int
    receipt: Receipt
    at: datetime


class Wanted(NamedTuple):
    """A batch that somebody wants to send now, and what they sent before."""

    number: int
    at: datetime
    answered: Answered | None


class BatchReservation(NamedTuple):
    """Whether the caller may send now, the row as it is, and then to whom.

    ``codes`` are their codes, in the same order, or None if they are still to be issued.
    """

    reserved: bool
    row: BatchRow
    people: Sendables
    codes: list[str] | None


def _taking(which: ColumnElement[bool]) -> ReturningUpdate[tuple[object, ...]]:
    """Planned to sending, if the broadcast has this digest and nothing keeps it back."""
    return (
        update(batches)
        .where(
            which,
            batches.c.state == _S.PLANNED,
            batches.c.proven_attempt.is_(None),
            exists().where(
                broadcasts.c.id == bindparam("b_broadcast"),
                broadcasts.c.digest == bindparam("b_digest"),
                ~broadcasts.c.paused,
                unlocked(broadcasts.c.incident),
                not_kept_back(broadcasts.c.incident, broadcasts.c.channel),
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


# Built once, see batch_rows.
TAKE = _taking(OF_ROW)
_ANSWERS = Bulk(
    "postgresql", number=Integer(), receipt_id=Text(), receipt_at=Moment(), accepted_at=Moment()
)
_ACCEPT_ALL_SENT = (
    update(batches)
    .where(
        batches.c.broadcast_id == bindparam("b_broadcast"),
        batches.c.number == _ANSWERS.table.c.number,
        batches.c.state == _S.SENDING,
    )
    .values(
        state=_S.ACCEPTED.value,
        receipt_id=_ANSWERS.table.c.receipt_id,
        receipt_at=_ANSWERS.table.c.receipt_at,
        accepted_at=_ANSWERS.table.c.accepted_at,
        explanation="",
    )
)


def _taking_together() -> Select[*tuple[Any, ...]]:
    """Take batches and say whom they are for, in one statement.

    Only those that nobody holds: it sees people as they were when it began, so it must not wait.
    """
    free = (
        select(batches.c.number)
        .where(
            batches.c.broadcast_id == bindparam("b_broadcast"),
            batches.c.number == any_(bindparam("b_numbers", type_=ARRAY(Integer))),
        )
        .with_for_update(key_share=True, skip_locked=True)
        .cte("free")
    )
    of_free = and_(
        batches.c.broadcast_id == bindparam("b_broadcast"), batches.c.number == free.c.number
    )
    taken = _taking(of_free).cte("taken")
    found = found_in(taken)
    return select(*taken.c, *(one.label(f"{_FOUND}{one.name}") for one in found.c)).select_from(
        taken.join(broadcasts, broadcasts.c.id == taken.c.broadcast_id).join(found, true())
    )


_FOUND = "found_"
_TAKE_TOGETHER = _taking_together()


def take_together(
    connection: Connection,
    broadcast_id: int,
    digest: str,
    wanted: Sequence[Wanted],
    issuing: Issuing | None,
) -> list[BatchReservation | None]:
    """Take several batches of a broadcast, and enter what was answered; for PostgreSQL only.

    None for a batch that is not to be had, or that somebody holds at this moment. ``Apart`` if
    something is not as it nearly always is: then nothing may be kept, and each is taken alone.
    """
    _accept_all(connection, broadcast_id, [one.answered for one in wanted if one.answered])
    values = {
        "b_broadcast": broadcast_id,
        "b_digest": digest,
        "b_numbers": [one.number for one in wanted],
        "b_at": max(one.at for one in wanted),
    }
    rows, people = [], {}
    for found in connection.execute(_TAKE_TOGETHER, values).mappings().all():
        row = read_batch(found)
        rows.append(row)
        people[row.number] = _whom(connection, row, found)
    made = {number: issuing.make(them.ids) for number, them in people.items()} if issuing else {}
    if issuing:
        try:
            issuing.enter_together(connection, list(made.values()))
        except DomainError:
            # Asking for the codes of one batch alone gives the reason.
            raise Apart from None
    taken = {
        row.number: BatchReservation(
            True, row, people[row.number], made[row.number].codes if issuing else None
        )
        for row in rows
    }
    # Each once, even if two have asked for the same.
    return [taken.pop(one.number, None) for one in wanted]


def _accept_all(connection: Connection, broadcast_id: int, answered: Sequence[Answered]) -> None:
    if not answered:
        return
    rows = _ANSWERS.parameter(
        (one.number, one.receipt.id, moment_text(one.receipt.at), moment_text(one.at))
        for one in answered
    )
    entered = connection.execute(_ACCEPT_ALL_SENT, {**rows, "b_broadcast": broadcast_id})
    if entered.rowcount != len(answered):
        # Since then another attempt has given one up as unknown, or an event has settled it.
        raise Apart


def _whom(connection: Connection, row: BatchRow, found: RowMapping) -> Sendables:
    """Whom to write to in a batch; marks those who have been suppressed since."""
    people = all_of(Found(*(found[f"{_FOUND}{name}"] for name in Found._fields)))
    if people is None or row.attempt > 1:
        # Or the attempt before has ended since the statement began.
        return sendables(connection, "postgresql", row.broadcast_id, row.number)
    return people
