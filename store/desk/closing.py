"""Dismissing what people said, with a reason; and taking that back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, true, update

from domain.mentions import DismissalReason, MentionState
from domain.model import Value
from store.desk.claiming import NOBODY, free_for
from store.desk.reading import CHUNK
from store.kernel.database import Database
from store.tables import mentions


class Dismissal(Value):
    """Why mentions need no reply: a ``reason``, words of one's own, and whose decision it is."""

    reason: DismissalReason
    words: str = ""
    by: str


async def dismiss(
    db: Database, numbers: Collection[int], dismissal: Dismissal, at: datetime
) -> set[int]:
    """Dismiss those of the mentions that are open and that nobody else holds; their numbers."""
    values = {
        "state": MentionState.DISMISSED.value,
        "reason": dismissal.reason.value,
        "words": dismissal.words,
        "closed_by": dismissal.by,
        "closed_at": at,
        **NOBODY,
    }
    free = free_for(dismissal.by, at)
    return await _move(db, numbers, MentionState.OPEN, values, free)


async def reopen(db: Database, numbers: Collection[int]) -> set[int]:
    """Open those of the mentions that were dismissed, by whom and why ever; their numbers."""
    values = {
        "state": MentionState.OPEN.value,
        "reason": "",
        "words": "",
        "closed_by": "",
        "closed_at": None,
    }
    return await _move(db, numbers, MentionState.DISMISSED, values, true())


async def _move(
    db: Database,
    numbers: Collection[int],
    state: MentionState,
    values: Mapping[str, object],
    free: ColumnElement[bool],
) -> set[int]:
    wanted, moved = sorted(set(numbers)), set[int]()
    async with db.write(many_rows=True) as connection:
        for begin in range(0, len(wanted), CHUNK):
            some = wanted[begin : begin + CHUNK]
            moved |= set(
                await connection.scalars(
                    update(mentions)
                    .where(mentions.c.id.in_(some), mentions.c.state == state.value, free)
                    .values(values)
                    .returning(mentions.c.id)
                )
            )
    return moved
