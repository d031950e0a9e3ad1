"""Which batch of a broadcast a recipient is in: ranges of ids, fixed when it was planned."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.kernel.database import Database
from store.tables import batches


class Layout(NamedTuple):
    """The ranges of recipient ids of a broadcast's batches, in order; fixed when it was planned."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    def batch_of(self, recipient: int) -> int | None:
        """The number of the batch that a recipient is in, or None."""
        number = bisect_right(self.firsts, recipient)
        return number if number and recipient <= self.lasts[number - 1] else None


_LAYOUTS: WeakKeyDictionary[Database, dict[int, Layout]] = WeakKeyDictionary()
"""What was read, by ledger and broadcast: a planned layout never changes."""


async def layout_of(db: Database, connection: AsyncConnection, broadcast_id: int) -> Layout:
    """The layout of a planned broadcast; read once for each process."""
    layouts = _LAYOUTS.setdefault(db, {})
    known = layouts.get(broadcast_id)
    if known is not None:
        return known
    rows = (
        await connection.execute(
            select(batches.c.first, batches.c.last)
            .where(batches.c.broadcast_id == broadcast_id)
            .order_by(batches.c.number)
        )
    ).all()
    layout = Layout(tuple(row.first for row in rows), tuple(row.last for row in rows))
    if rows:
        layouts[broadcast_id] = layout
    return layout


def forget_layout(db: Database, broadcast_id: int) -> None:
    """Forget a layout that a rolled-back transaction may have read under the same id."""
    _LAYOUTS.get(db, {}).pop(broadcast_id, None)
