"""The list of incidents, for people: each incident itself lives in its workflow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.ids import check_slug
from domain.model import Value
from domain.times import show_moment
from store.kernel.database import Database, upsert
from store.tables import incidents, timeline


class IncidentRow(Value):
    """One incident as it was opened. ``closed_at`` is None while it is open."""

    slug: str
    title: str
    playbook: str
    audiences: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
    run: str = ""


async def register(
    db: Database,
    slug: str,
    title: str,
    playbook: str,
    audiences: Sequence[str],
    opened_at: datetime,
    run: str = "",
    *,
    recovered: bool = False,
) -> None:
    """Enter an incident in the list; of one that is there already only the audiences change.

    ``run`` is the first run of its workflow. ``DomainError`` if the name is that of another one,
    unless this one was ``recovered`` from it: a name is used once, whatever Temporal remembers.
    """
    row = {
        "slug": check_slug(slug),
        "title": title,
        "playbook": playbook,
        "audiences": " ".join(audiences),
        "opened_at": opened_at,
        "run": run,
    }
    async with db.write() as connection:
        await db.serialise(connection, f"incident/{slug}")
        known = (
            await connection.execute(select(incidents).where(incidents.c.slug == slug))
        ).first()
        if known is not None and known.run != run:
            if not recovered:
                raise name_used(_row(known))
            await connection.execute(
                update(incidents).where(incidents.c.slug == slug).values(run=run)
            )
        if known is None and not recovered and await _has_timeline(connection, slug):
            raise DomainError(
                f"The ledger has a record of an incident {slug}, so this name has been used.",
                NextStep(
                    action=Action.SHOW_TIMELINE,
                    incident=slug,
                    advice="Open a new one under another name.",
                ),
            )
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


async def find(db: Database, slug: str) -> IncidentRow | None:
    """One incident, or None if there never was one of that name."""
    async with db.read() as connection:
        row = (await connection.execute(select(incidents).where(incidents.c.slug == slug))).first()
        return None if row is None else _row(row)


async def list_incidents(db: Database) -> list[IncidentRow]:
    """Every incident, the newest first."""
    async with db.read() as connection:
        rows = await connection.execute(
            select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.slug)
        )
        return [_row(row) for row in rows]


def name_used(row: IncidentRow) -> DomainError:
    """The refusal to use the name of an incident again; says what that was."""
    opened = f"{row.slug} is the name of “{row.title}”, opened {show_moment(row.opened_at)}"
    if row.closed_at is None:
        return DomainError(
            f"{opened} and not closed.",
            NextStep(
                action=Action.RECOVER_INCIDENT,
                incident=row.slug,
                advice="Bring it back, or open a new one under another name, such as "
                f"{row.slug[:46]}-2.",
            ),
            means="Its workflow is gone from Temporal. A name is used once.",
        )
    return DomainError(
        f"{opened} and closed {show_moment(row.closed_at)}.",
        NextStep(
            action=Action.SHOW_TIMELINE,
            incident=row.slug,
            advice=f"Open a new one under another name, such as {row.slug[:46]}-2. "
            "The record of this one is kept.",
        ),
        means="A name is not used again.",
    )


async def _has_timeline(connection: AsyncConnection, slug: str) -> bool:
    found = await connection.scalar(
        select(timeline.c.link).where(timeline.c.incident == slug).limit(1)
    )
    return found is not None


def _row(row: Row[Any]) -> IncidentRow:
    return IncidentRow.model_validate({**row._mapping, "audiences": row.audiences.split()})
