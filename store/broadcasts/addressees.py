"""Which recipients of a batch are still to be written to, at the moment it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.selectable import LateralFromClause

from domain.publication import DeliveryState
from store.broadcasts.batch_rows import LOCK_BATCH, OF_ROW, batch_is, place
from store.deliveries.deliveries import SUPPRESSED
from store.kernel.bulk import Bulk
from store.kernel.database import Database, DialectName, insert_or_ignore
from store.people.subscribers import has_left
from store.people.suppressions import covers_mailbox
from store.tables import batches, broadcasts, deliveries, recipients


class Sendables(NamedTuple):
    """Recipients of a batch who are still to be written to, in columns of one length."""

    ids: Sequence[int]
    addresses: list[str]


NOBODY = Sendables((), [])


class Found(NamedTuple):
    """What a statement with ``found_in`` says of a batch.

    ``many`` recipients from the ``first`` to the ``last`` id, of whom so many are ``suppressed``;
    the ``addresses`` of all are one to a line.
    """

    many: int
    first: int
    last: int
    addresses: str | None
    suppressed: int


async def addressees(db: Database, broadcast_id: int, number: int) -> Sendables:
    """Which recipients of a batch are still to be written to, by recipient id.

    Leaves out everybody of whom more is known already (an event, a refusal), and everybody who was
    suppressed since the broadcast was planned; the latter are marked, and stay unsent. If nobody
    is left, call ``close_empty_batch``.
    """
    return await db.write_with(
        lambda connection: sendables(connection, db.dialect, broadcast_id, number)
    )


def sendables(
    connection: Connection, dialect: DialectName, broadcast_id: int, number: int
) -> Sendables:
    people, suppressed = look_at(connection, dialect, broadcast_id, number)
    if suppressed:
        _withhold(connection, dialect, broadcast_id, number, suppressed)
    return people


def look_at(
    connection: Connection, dialect: DialectName, broadcast_id: int, number: int
) -> tuple[Sendables, list[int]]:
    """Which recipients of a batch are to be written to, and which are suppressed."""
    found = connection.execute(_addressees(dialect), place(broadcast_id, number)).one()
    seen = all_of(Found(*found))
    if seen is not None:
        return seen, []
    listed = connection.execute(_with_ids(dialect), place(broadcast_id, number)).one()
    return Sendables(_read(listed.ids), _read(listed.addresses)), _read(listed.suppressed)


def all_of(found: Found) -> Sendables | None:
    """Everybody of a batch; None if somebody is suppressed or missing, and it takes a closer look.

    One row that the database puts together costs far less than a thousand that Python does. Nearly
    always nobody is missing between the first id and the last, so that no ids are needed.
    """
    if not found.many:
        return NOBODY
    run = range(found.first, found.last + 1)
    listed = (found.addresses or "").split("\n")
    if found.suppressed or not len(run) == found.many == len(listed):
        return None
    return Sendables(run, listed)


def _read(column: str | None) -> list[Any]:
    read: list[Any] = orjson.loads(column or "[]")
    return read


def _withhold(
    connection: Connection,
    dialect: DialectName,
    broadcast_id: int,
    number: int,
    suppressed: list[int],
) -> None:
    connection.execute(LOCK_BATCH, place(broadcast_id, number))
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
def _addressees(dialect: DialectName) -> Select[int, int, int, str, int]:
    of_row = batches.join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
    return _put_together(dialect, _people(batches, of_row).where(OF_ROW))


def found_in(taken: FromClause) -> LateralFromClause:
    """What ``all_of`` reads, for each batch of ``taken``, which is joined with its broadcast."""
    people = _people(taken).correlate(taken, broadcasts)
    return _put_together("postgresql", people).lateral("found")


def _put_together(
    dialect: DialectName, whom: Select[int, str, bool]
) -> Select[int, int, int, str, int]:
    people = whom.subquery("people")
    ids = people.c.id
    joined = func.group_concat if dialect == "sqlite" else func.string_agg
    return select(
        func.count().label("many"),
        func.min(ids).label("first"),
        func.max(ids).label("last"),
        joined(people.c.address, "\n").label("addresses"),
        func.count().filter(people.c.suppressed).label("suppressed"),
    )


@cache
def _with_ids(dialect: DialectName) -> Select[str, str, str]:
    """The same with all ids to write to, where somebody is missing between the first and last."""
    of_row = batches.join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
    people = _people(batches, of_row).where(OF_ROW).subquery()
    well = ~people.c.suppressed
    return select(
        _listed(dialect, people.c.id, well).label("ids"),
        _listed(dialect, people.c.address, well).label("addresses"),
        _listed(dialect, people.c.id, people.c.suppressed).label("suppressed"),
    )


def _listed(
    dialect: DialectName, column: ColumnElement[Any], only: ColumnElement[bool]
) -> ColumnElement[str]:
    """The values of a column as a JSON list; nothing if there is none."""
    listed = func.json_group_array if dialect == "sqlite" else func.json_agg
    return cast(listed(column).filter(only), Text)


def _people(batch: FromClause, *also: FromClause) -> Select[int, str, bool]:
    """Whom a batch is for, in the order of their ids, but those of whom more is known already."""
    return (
        select(
            recipients.c.id,
            recipients.c.address,
            or_(
                covers_mailbox(recipients.c.mailbox, broadcasts.c.message_class),
                has_left(recipients.c.id, broadcasts.c.message_class),
            ).label("suppressed"),
        )
        .select_from(*also, recipients)
        .where(
            recipients.c.audience_id == broadcasts.c.audience_id,
            recipients.c.id.between(batch.c.first, batch.c.last),
            ~exists()
            .where(
                deliveries.c.broadcast_id == batch.c.broadcast_id,
                deliveries.c.recipient_id == recipients.c.id,
                # Or PostgreSQL reads those of all other batches too.
                deliveries.c.recipient_id.between(batch.c.first, batch.c.last),
            )
            .correlate_except(deliveries),
        )
        .order_by(recipients.c.id)
    )
