"""Events that could not be read or entered, kept as they came for whoever looks into it.

They contain addresses. They are a sample for finding the cause and no archive: each is cut off at
some length, and the oldest go when there are many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from domain.delivery_events import UnreadableEvent
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import events_set_aside

LONGEST = 8 * 1024
"""Bytes that are kept of one event."""

KEPT = 1_000
"""How many are kept: the newest."""


async def keep(
    db: Database, channel: str, unreadable: Sequence[UnreadableEvent], at: datetime
) -> None:
    """Set events aside; one that is delivered again is kept once. Raises ``StoreUnavailable``."""
    rows = [
        {
            "digest": hashlib.sha256(one.raw).hexdigest(),
            "channel": channel,
            "at": at,
            "why": one.why[:100],
            "raw": one.raw[:LONGEST],
        }
        for one in unreadable[:KEPT]
    ]
    if not rows:
        return
    table = events_set_aside.c
    newest = select(table.id).order_by(table.id.desc()).limit(KEPT)
    async with db.write(Priority.BULK) as connection:
        await connection.execute(db.insert_or_ignore(events_set_aside, ["digest"]), rows)
        await connection.execute(delete(events_set_aside).where(table.id.not_in(newest)))


async def count(db: Database) -> int:
    """How many events are set aside; ``KEPT`` means as many or more."""
    async with db.read() as connection:
        found = await connection.scalar(select(func.count()).select_from(events_set_aside))
    return found or 0
