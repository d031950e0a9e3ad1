"""The whole record of an incident: its entries, openings and keys, as they are checked."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from domain.record import Record
from store.kernel.database import Database
from store.record import keys, openings, timeline
from store.tables import incidents


async def read_record(db: Database, slug: str) -> Record:
    """The record with its hashes, seals, keys and openings; empty if the ledger has nothing of it.

    ``DomainError`` if somebody changed a row so that it cannot be read.
    """
    async with db.read() as connection:
        query = select(incidents.c.title, incidents.c.closed_at).where(incidents.c.slug == slug)
        row = (await connection.execute(query)).first()
    return Record(
        incident=slug,
        title=row.title if row else "",
        closed=row is not None and row.closed_at is not None,
        exported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        keys=(await keys.read_keys(db)).all(),
        entries=tuple(await timeline.read_sealed(db, slug)),
        openings=tuple(one.model_dump(mode="json") for one in await openings.of_incident(db, slug)),
    )
