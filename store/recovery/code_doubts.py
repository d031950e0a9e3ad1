"""Codes of pools that a ledger which was put back may have given out and forgotten.

Whatever was free then may be in somebody's mail, so it is given to nobody until a person clears it.
The doubt is a mark at the newest code: a pool may have a million of them, and whoever notices that
the ledger is behind must not have to write them all.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.kernel.database import Database
from store.recovery.generations import ensure_generation
from store.tables import code_pool, ledger

_UP_TO = func.coalesce(select(ledger.c.codes_up_to).scalar_subquery(), 0)
TIMES_DOUBTED = func.coalesce(select(ledger.c.codes_doubted).scalar_subquery(), 0)
"""How often the ledger was found behind; a code is cleared for one such time, not for the next."""


def beyond_doubt() -> ColumnElement[bool]:
    """The condition that a free code of a pool is free for certain."""
    return or_(code_pool.c.id > _UP_TO, func.coalesce(code_pool.c.cleared, -1) == TIMES_DOUBTED)


async def doubt_free_codes(connection: AsyncConnection, db: Database) -> None:
    """Let no code that is free now be given out before a person has cleared it."""
    await ensure_generation(connection, db)
    newest = select(func.coalesce(func.max(code_pool.c.id), 0)).scalar_subquery()
    await connection.execute(
        update(ledger).values(codes_up_to=newest, codes_doubted=ledger.c.codes_doubted + 1)
    )
