"""How a broadcast is cut into batches when it is planned, and who is left out.

It runs between the last signature and the first mail, so none of it reads the whole audience row
by row: suppressions are looked up in the audience and not the other way round, and the end of a
batch is found by stepping over as many entries of an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    and_,
    case,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publication import DeliveryState, PublicationState
from store.deliveries.deliveries import ELSEWHERE, SUPPRESSED
from store.people.audiences import in_one_of
from store.people.suppressions import suppressed_mailboxes
from store.tables import batches, deliveries, recipients


class LaidOut(NamedTuple):
    """How many recipients are left out and why, how many batches there are, and of how many."""

    suppressed: int
    elsewhere: int
    batches: int
    planned: int


async def lay_out(
    connection: AsyncConnection,
    broadcast_id: int,
    audience_id: int,
    up_to: int,
    of_class: str,
    batch_size: int,
    before: Sequence[tuple[int, int]] = (),
) -> LaidOut:
    """Enter batches of ``batch_size`` recipients, the last one smaller, in the order of their ids.

    For everybody of the audience up to the id ``up_to`` whom no suppression keeps from messages
    ``of_class``, and who is not in one of the audiences ``before``, (id, up to) each.
    """
    in_cut = and_(recipients.c.audience_id == audience_id, recipients.c.id <= up_to)
    elsewhere = 0
    if before:
        elsewhere = await _withhold(
            connection, broadcast_id, and_(in_cut, in_one_of(before)), ELSEWHERE
        )
    suppressed = await _withhold(
        connection,
        broadcast_id,
        and_(
            in_cut,
            recipients.c.mailbox.in_(suppressed_mailboxes(of_class)),
            ~in_one_of(before) if before else true(),
        ),
        SUPPRESSED,
    )
    there = in_cut
    if suppressed or elsewhere:
        there = and_(
            in_cut,
            ~exists().where(
                deliveries.c.broadcast_id == broadcast_id,
                deliveries.c.recipient_id == recipients.c.id,
            ),
        )
    await _cut(connection, broadcast_id, there, up_to, batch_size)
    laid_out = select(func.count(), func.coalesce(func.sum(batches.c.size), 0)).where(
        batches.c.broadcast_id == broadcast_id
    )
    count, planned = (await connection.execute(laid_out)).one()
    return LaidOut(suppressed, elsewhere, int(count), int(planned))


async def _withhold(
    connection: AsyncConnection, broadcast_id: int, whom: ColumnElement[bool], reason: str
) -> int:
    """Mark those who are suppressed now, so that lifting a suppression later changes no plan."""
    marked = await connection.execute(
        deliveries.insert().from_select(
            ["broadcast_id", "recipient_id", "state", "withheld", "reason"],
            select(
                literal(broadcast_id),
                recipients.c.id,
                literal(DeliveryState.PLANNED.value),
                true(),
                literal(reason),
            ).where(whom),
            include_defaults=False,
        )
    )
    return marked.rowcount


async def _cut(
    connection: AsyncConnection,
    broadcast_id: int,
    there: ColumnElement[bool],
    up_to: int,
    batch_size: int,
) -> None:
    """Enter a batch for each ``batch_size`` recipients that are ``there``."""

    def end_of_full(before: ColumnElement[int]) -> ColumnElement[int]:
        """The id that ends a full batch of recipients after ``before``; NULL if so many are not."""
        after = select(recipients.c.id).where(there, recipients.c.id > before)
        ended = after.order_by(recipients.c.id).limit(1).offset(batch_size - 1)
        return ended.scalar_subquery().label("full_to")

    start = literal(0, BigInteger())
    some = exists().where(there)
    first = select(
        literal(1, Integer()).label("number"), (start + 1).label("first"), end_of_full(start)
    )
    cuts = first.where(some).cte("cuts", recursive=True)
    more = exists().where(there, recipients.c.id > cuts.c.full_to)
    cuts = cuts.union_all(
        select(cuts.c.number + 1, cuts.c.full_to + 1, end_of_full(cuts.c.full_to)).where(more)
    )
    left = select(func.count()).where(there, recipients.c.id >= cuts.c.first).scalar_subquery()
    await connection.execute(
        batches.insert().from_select(
            ["broadcast_id", "state", "number", "first", "last", "size"],
            select(
                literal(broadcast_id),
                literal(PublicationState.PLANNED.value),
                cuts.c.number,
                cuts.c.first,
                func.coalesce(cuts.c.full_to, up_to),
                case((cuts.c.full_to.is_(None), left), else_=batch_size),
            ),
            include_defaults=False,
        )
    )
