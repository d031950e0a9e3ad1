"""The list of incidents, for people: each incident itself lives in its workflow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from domain.ids import check_slug
from domain.model import Value
from store.kernel.database import Database, upsert
from store.tables import incidents


class IncidentRow(Value):
    """One incident as it was opened. ``closed_at`` is None while it is open."""

    slug: str
    title: str
    playbook: str
    audiences: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None


async def register(
    db: Database,
    slug: str,
    title: str,
    playbook: str,
    audiences: Sequence[str],
    opened_at: datetime,
) -> None:
    """Enter an incident in the list; of one that is there already only the audiences change."""
    row = {
        "slug": check_slug(slug),
        "title": title,
        "playbook": playbook,
        "audiences": " ".join(audiences),
        "opened_at": opened_at,
    }
    async with db.write() as connection:
        entering = upsert(db.dialect, incidents).values(row)
        await connection.execute(
            entering.on_conflict_do_update(
                index_elements=["slug"], set_={"audiences": entering.excluded.audiences}
            )
        )


async def mark_closed(db: Database, slug: str, at: datetime) -> None:
    """Note that an incident was closed; the first time counts."""
    async with db.write() as connection:
        await connection.execute(
            update(incidents)
            .where(incidents.c.slug == slug, incidents.c.closed_at.is_(None))
            .values(closed_at=at)
        )


async def list_incidents(db: Database) -> list[IncidentRow]:
    """Every incident, the newest first."""
    async with db.read() as connection:
        rows = await connection.execute(
            select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.slug)
        )
        return [
            IncidentRow.model_validate({**row._mapping, "audiences": row.audiences.split()})
            for row in rows
        ]
