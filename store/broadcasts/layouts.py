"""How a broadcast is cut into batches when it is planned, and who is left out.

It runs between the last signature and the first mail, so none of it reads the whole audience row
by row: suppressions are looked up in the audience and not the other way round, and the end of a
batch is found by stepping over as many entries of an index.

All of that only reads, and is done before the transaction that enters it, because on SQLite nobody
else could write meanwhile. Whoever is suppressed in between is left out when their batch is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Table,
    Text,
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
from store.deliveries.deliveries import ELSEWHERE, NOT_CHOSEN, SUPPRESSED
from store.kernel.bulk import Bulk
from store.kernel.database import DialectName
from store.people.audiences import in_one_of
from store.people.subscribers import SubscribersChoice
from store.people.suppressions import suppressed_mailboxes
from store.tables import batches, deliveries, recipients


class LaidOut(NamedTuple):
    """How many recipients are left out and why, how many batches there are, and of how many."""

    suppressed: int
    elsewhere: int
    batches: int
    planned: int


class Layout(NamedTuple):
    """What is to be entered: who is left out, and number, first id, last id and size of batches."""

    withheld: Sequence[tuple[int, str]]
    batches: Sequence[tuple[int, int, int, int]]


_withheld = Table(
    "withheld",
    MetaData(),
    Column("recipient_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Those left out of the layout that is being drawn, in the reading connection alone."""


class LeftOut(NamedTuple):
    """A condition on recipients who get nothing of a broadcast, and the reason."""

    whom: ColumnElement[bool]
    reason: str


def of_customers(of_class: str, before: Sequence[tuple[int, int]]) -> list[LeftOut]:
    """Who of an audience gets no messages ``of_class``, first by the audiences ``before``.

    Those are (id, up to) each. The first reason counts.
    """
    suppressed = LeftOut(recipients.c.mailbox.in_(suppressed_mailboxes(of_class)), SUPPRESSED)
    return [LeftOut(in_one_of(before), ELSEWHERE), suppressed] if before else [suppressed]


def of_subscribers(
    choice: SubscribersChoice, of_class: str, before: Sequence[tuple[int, int]]
) -> list[LeftOut]:
    """Who of the subscribers gets no message ``of_class``: it reaches them as customers, they have
    left, their address is suppressed, or it does not concern what they chose.
    """
    elsewhere = [LeftOut(choice.as_customers(before, of_class), ELSEWHERE)] if before else []
    chosen = [LeftOut(choice.unconcerned(), NOT_CHOSEN)] if choice.touched else []
    return [*elsewhere, LeftOut(choice.unreachable(), SUPPRESSED), *chosen]


async def draw(
    connection: AsyncConnection,
    audience_id: int,
    up_to: int,
    batch_size: int,
    left_out: Sequence[LeftOut],
) -> Layout:
    """Batches of ``batch_size`` recipients, the last one smaller, in the order of their ids.

    Of everybody of the audience up to the id ``up_to`` who is not ``left_out``. Reads only.
    """
    await connection.run_sync(_withheld.create)
    in_cut = and_(recipients.c.audience_id == audience_id, recipients.c.id <= up_to)
    left = ~exists().where(_withheld.c.recipient_id == recipients.c.id)
    for place, (whom, reason) in enumerate(left_out):
        await _withhold(connection, and_(in_cut, whom, left if place else true()), reason)
    withheld = [(row[0], row[1]) for row in await connection.execute(select(_withheld))]
    there = and_(in_cut, left) if withheld else in_cut
    # Not from the first id of the ledger on: each batch reads its range, and in that of the first
    # one would be everybody of the audiences before.
    first_id = await connection.scalar(select(func.min(recipients.c.id)).where(in_cut))
    cut = await _cut(connection, there, first_id or 1, up_to, batch_size)
    await connection.run_sync(_withheld.drop)
    return Layout(withheld, cut)


async def enter(
    connection: AsyncConnection, dialect: DialectName, broadcast_id: int, layout: Layout
) -> LaidOut:
    """Enter the rows of a broadcast that has none yet."""
    if layout.withheld:
        people = Bulk(dialect, recipient_id=BigInteger(), reason=Text())
        await connection.execute(
            deliveries.insert().from_select(
                ["broadcast_id", "state", "withheld", "recipient_id", "reason"],
                people.select(broadcast_id, DeliveryState.PLANNED.value, true()),
                include_defaults=False,
            ),
            people.parameter(layout.withheld),
        )
    if layout.batches:
        rows = Bulk(
            dialect, number=Integer(), first=BigInteger(), last=BigInteger(), size=Integer()
        )
        await connection.execute(
            batches.insert().from_select(
                ["broadcast_id", "state", "number", "first", "last", "size"],
                rows.select(broadcast_id, PublicationState.PLANNED.value),
                include_defaults=False,
            ),
            rows.parameter(layout.batches),
        )
    reasons = Counter(reason for _, reason in layout.withheld)
    planned = sum(size for _, _, _, size in layout.batches)
    elsewhere = reasons[ELSEWHERE] + reasons[NOT_CHOSEN]
    return LaidOut(reasons[SUPPRESSED], elsewhere, len(layout.batches), planned)


async def _withhold(connection: AsyncConnection, whom: ColumnElement[bool], reason: str) -> None:
    """Note those who are suppressed now, so that lifting a suppression later changes no plan."""
    people = select(recipients.c.id, literal(reason)).where(whom)
    await connection.execute(_withheld.insert().from_select(["recipient_id", "reason"], people))


async def _cut(
    connection: AsyncConnection,
    there: ColumnElement[bool],
    first_id: int,
    up_to: int,
    batch_size: int,
) -> list[tuple[int, int, int, int]]:
    """A batch for each ``batch_size`` recipients that are ``there``.

    Whoever is left out belongs to a batch too: together they reach from ``first_id`` to ``up_to``.
    """

    def end_of_full(before: ColumnElement[int]) -> ColumnElement[int]:
        """The id that ends a full batch of recipients after ``before``; NULL if so many are not."""
        after = select(recipients.c.id).where(there, recipients.c.id > before)
        ended = after.order_by(recipients.c.id).limit(1).offset(batch_size - 1)
        return ended.scalar_subquery().label("full_to")

    number = literal(1, Integer()).label("number")
    begin = literal(first_id, BigInteger()).label("first")
    first = select(number, begin, end_of_full(literal(first_id - 1, BigInteger())))
    cuts = first.where(exists().where(there)).cte("cuts", recursive=True)
    more = exists().where(there, recipients.c.id > cuts.c.full_to)
    cuts = cuts.union_all(
        select(cuts.c.number + 1, cuts.c.full_to + 1, end_of_full(cuts.c.full_to)).where(more)
    )
    left = select(func.count()).where(there, recipients.c.id >= cuts.c.first).scalar_subquery()
    rows = await connection.execute(
        select(
            cuts.c.number,
            cuts.c.first,
            func.coalesce(cuts.c.full_to, up_to),
            case((cuts.c.full_to.is_(None), left), else_=batch_size),
        )
    )
    cut = [(row[0], row[1], row[2], row[3]) for row in rows]
    if cut:
        last, begins, _, size = cut[-1]
        cut[-1] = (last, begins, up_to, size)
    return cut
