"""Pools: the shop's own codes, imported beforehand and given out in the order of the import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Text,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.codes import bare
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.offer import OfferTerms
from store.kernel.bulk import Bulk
from store.kernel.database import Database, DialectName
from store.kernel.priority import Priority
from store.offers.offers import ensure_offer, enter_issued
from store.recovery.code_doubts import TIMES_DOUBTED, beyond_doubt
from store.tables import code_pool

CHUNK = 1_000
"""Codes of one insert, as in the import of an audience."""


class PoolImported(Value):
    """The result of an import: new codes, codes already in the pool, codes in another pool.

    Those ``cleared`` were in the pool and in doubt, and are free again.
    """

    added: int
    already_there: int
    in_another_pool: int
    cleared: int = 0


class Pool(Value):
    """A pool, the codes that were ever in it, and how many nobody has been given yet.

    Those ``in_doubt`` are not among the ones ``left``: the ledger was put back, and may have
    forgotten to whom it had given them.
    """

    name: str
    codes: int
    left: int
    in_doubt: int = 0


async def import_codes(
    db: Database, pool: str, codes: Iterable[str], *, cleared: bool = False
) -> PoolImported:
    """Add codes to ``pool``, which is made if it is new; their order is that of giving them out.

    ``cleared``: a person says that nobody was given any of them, so those of this pool that are in
    doubt are free again.

    A code that is in any pool already stays where it is, so that an import that was interrupted is
    simply run again.
    """
    bulk = Bulk(db.dialect, place=Integer(), code=Text(), bare=Text())
    insert = db.insert_or_ignore(code_pool, ["bare"]).from_select(
        ["pool", "code", "bare"],
        select(bindparam("b_pool", type_=String), bulk.table.c.code, bulk.table.c.bare)
        .where(bulk.table.c.place >= 0)
        .order_by(bulk.table.c.place),
        include_defaults=False,
    )
    elsewhere = (
        select(func.count())
        .select_from(code_pool.join(bulk.table, code_pool.c.bare == bulk.table.c.bare))
        .where(code_pool.c.pool != bindparam("b_pool", type_=String))
    )
    clear = (
        update(code_pool)
        .where(
            code_pool.c.pool == bindparam("b_pool", type_=String),
            code_pool.c.recipient_id.is_(None),
            ~beyond_doubt(),
            code_pool.c.bare.in_(select(bulk.table.c.bare)),
        )
        .values(cleared=TIMES_DOUBTED)
    )
    added = done = others = freed = 0
    iterator = iter(codes)
    while chunk := list(islice(iterator, CHUNK)):
        rows = bulk.parameter((place, code, bare(code)) for place, code in enumerate(chunk))
        async with db.write(Priority.BULK, many_rows=True) as connection:
            # Ids are the order of giving out, so two imports into one pool take turns.
            await db.serialise(connection, f"pool/{pool}")
            new = (await connection.execute(insert, {**rows, "b_pool": pool})).rowcount
            if cleared:
                freed += (await connection.execute(clear, {**rows, "b_pool": pool})).rowcount
            if new < len(chunk):
                found = await connection.scalar(elsewhere, {**rows, "b_pool": pool})
                others += int(found or 0)
        added += new
        done += len(chunk)
    already = done - added - others - freed
    return PoolImported(added=added, already_there=already, in_another_pool=others, cleared=freed)


async def take_codes(
    db: Database, incident: str, recipients: Sequence[int], terms: OfferTerms
) -> dict[int, str]:
    """Give a code to each recipient who has none, and return everybody's, by recipient id.

    Nothing is given out, and ``DomainError`` says why, if the pool has too few codes, if the codes
    would exceed the cap, or if this version of the offer is in the ledger with other terms.
    """
    everybody = sorted(set(recipients))
    if not everybody:
        return {}
    pool = terms.source_name or ""
    bulk, take = _take(db.dialect)
    people = bulk.parameter((recipient,) for recipient in everybody)
    async with db.write(Priority.NORMAL, many_rows=True) as connection:
        offer = await connection.run_sync(ensure_offer, db.dialect, incident, terms)
        # Other incidents may draw from the same pool.
        await db.serialise(connection, f"pool/{pool}")
        values = {"b_pool": pool, "b_offer": offer.id, "b_most": len(everybody)}
        taken = (await connection.execute(take, {**people, **values})).rowcount
        if taken:
            await connection.run_sync(enter_issued, offer, taken)
        rows = await connection.execute(
            select(code_pool.c.recipient_id, code_pool.c.code)
            .where(code_pool.c.offer_id == offer.id)
            .join(bulk.table, code_pool.c.recipient_id == bulk.table.c.recipient_id),
            people,
        )
        given: dict[int, str] = {row.recipient_id: row.code for row in rows}
        if len(given) < len(everybody):
            short = len(everybody) - len(given)
            raise DomainError(
                f"The pool {pool!r} is empty: {short:,} of {len(everybody):,} people would get no "
                "code, so none was given out.",
                NextStep(action=Action.IMPORT_CODES, about=pool),
                means=await _in_doubt(connection, pool),
            )
    return given


async def _in_doubt(connection: AsyncConnection, pool: str) -> str:
    """What an empty pool that has codes in doubt means; "" if it has none."""
    free = and_(code_pool.c.pool == pool, code_pool.c.recipient_id.is_(None))
    count = int(
        await connection.scalar(
            select(func.count()).select_from(code_pool).where(free, ~beyond_doubt())
        )
        or 0
    )
    if not count:
        return ""
    return (
        f"{count:,} more of its codes may have been given out before the ledger was put back, so "
        "they are given to nobody until somebody clears them."
    )


async def pools(db: Database) -> list[Pool]:
    """Every pool, by name."""
    free = code_pool.c.recipient_id.is_(None)
    counted = (
        select(
            code_pool.c.pool.label("name"),
            func.count().label("codes"),
            func.count(case((and_(free, beyond_doubt()), 1))).label("left"),
            func.count(case((and_(free, ~beyond_doubt()), 1))).label("in_doubt"),
        )
        .group_by(code_pool.c.pool)
        .order_by(code_pool.c.pool)
    )
    async with db.read() as connection:
        return [
            Pool.model_validate(dict(row._mapping)) for row in await connection.execute(counted)
        ]


@cache
def _take(dialect: DialectName) -> tuple[Bulk, Update]:
    """One statement: recipients without a code, in order, paired with free codes, in order."""
    bulk = Bulk(dialect, recipient_id=BigInteger())
    offer = bindparam("b_offer", type_=Integer)
    theirs = code_pool.alias("theirs")
    without = (
        select(
            bulk.table.c.recipient_id,
            func.row_number().over(order_by=bulk.table.c.recipient_id).label("place"),
        )
        .where(
            ~exists().where(
                theirs.c.offer_id == offer, theirs.c.recipient_id == bulk.table.c.recipient_id
            )
        )
        .subquery("without")
    )
    some = (
        select(code_pool.c.id)
        .where(
            code_pool.c.pool == bindparam("b_pool", type_=String),
            code_pool.c.recipient_id.is_(None),
            beyond_doubt(),
        )
        .order_by(code_pool.c.id)
        .limit(bindparam("b_most", type_=Integer))
        .subquery("some")
    )
    free = select(some.c.id, func.row_number().over(order_by=some.c.id).label("place")).subquery(
        "free"
    )
    pairs = (
        select(free.c.id, without.c.recipient_id)
        .join_from(free, without, free.c.place == without.c.place)
        .subquery("pairs")
    )
    take = (
        update(code_pool)
        .where(and_(code_pool.c.id == pairs.c.id, code_pool.c.recipient_id.is_(None)))
        .values(offer_id=offer, recipient_id=pairs.c.recipient_id)
    )
    return bulk, take
