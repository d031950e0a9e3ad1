"""Which recipients of a batch are still to be written to, at the moment it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from domain.publication import DeliveryState
from store.broadcasts.batch_rows import LOCK_BATCH, OF_ROW, batch_is, place
from store.deliveries.deliveries import SUPPRESSED
from store.joins import IN_BATCHES
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


class _Found(NamedTuple):
    """What ``_addressees`` says of a batch."""

    many: int
    first: int
    last: int
    addresses: str | None
    suppressed: str | None


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
    return _seen(connection, dialect, broadcast_id, number, _Found(*found))


def look_at_each(
    connection: Connection, broadcast_id: int, numbers: Sequence[int]
) -> dict[int, tuple[Sendables, list[int]]]:
    """``look_at`` for several batches in one statement, by number; for PostgreSQL only."""
    values = {"b_broadcast": broadcast_id, "b_numbers": list(numbers)}
    return {
        row.number: _seen(connection, "postgresql", broadcast_id, row.number, _Found(*row[1:]))
        for row in connection.execute(_addressees_of_each(), values).all()
    }


def _seen(
    connection: Connection,
    dialect: DialectName,
    broadcast_id: int,
    number: int,
    found: _Found,
) -> tuple[Sendables, list[int]]:
    run = range(found.first, found.last + 1) if found.many else range(0)
    if len(run) == found.many:
        return Sendables(run, _read(found.addresses)), _read(found.suppressed)
    # All of it again: on PostgreSQL somebody may have unsubscribed between two statements.
    listed = connection.execute(_with_ids(dialect), place(broadcast_id, number)).one()
    return Sendables(_read(listed.ids), _read(listed.addresses)), _read(listed.suppressed)


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
def _addressees(dialect: DialectName) -> Select[int, int, int, str, str]:
    """Whom to write to: how many, the first and last id, addresses; and ids that are suppressed.

    One row that the database puts together, with lists in JSON, costs far less than a thousand
    that Python does. Nearly always nobody is missing between the first id and the last.
    """
    return _put_together(dialect, _people(OF_ROW).subquery())


@cache
def _addressees_of_each() -> Select[int, int, int, int, str, str]:
    """The same for several batches of a broadcast: a row for each, after its number."""
    numbers = func.unnest(bindparam("b_numbers", type_=ARRAY(Integer)))
    asked = numbers.table_valued("number").render_derived(name="asked")
    of_each = and_(
        batches.c.broadcast_id == bindparam("b_broadcast"), batches.c.number == asked.c.number
    )
    people = _people(of_each).correlate(asked).lateral("people")
    each = _put_together("postgresql", people).lateral("each")
    return select(asked.c.number, *each.c).select_from(asked.join(each, true()))


def _put_together(dialect: DialectName, people: FromClause) -> Select[int, int, int, str, str]:
    well = ~people.c.suppressed
    return select(
        func.count().filter(well).label("many"),
        func.min(people.c.id).filter(well).label("first"),
        func.max(people.c.id).filter(well).label("last"),
        _listed(dialect, people.c.address, well).label("addresses"),
        _listed(dialect, people.c.id, people.c.suppressed).label("suppressed"),
    )


@cache
def _with_ids(dialect: DialectName) -> Select[str, str, str]:
    """The same with all ids to write to, where somebody is missing between the first and last."""
    people = _people(OF_ROW).subquery()
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


def _people(of_batch: ColumnElement[bool]) -> Select[int, str, bool]:
    return (
        select(
            recipients.c.id,
            recipients.c.address,
            or_(
                covers_mailbox(recipients.c.mailbox, broadcasts.c.message_class),
                has_left(recipients.c.id, broadcasts.c.message_class),
            ).label("suppressed"),
        )
        .select_from(IN_BATCHES)
        .where(
            of_batch,
            ~exists().where(
                deliveries.c.broadcast_id == bindparam("b_broadcast"),
                deliveries.c.recipient_id == recipients.c.id,
            ),
        )
        .order_by(recipients.c.id)
    )
