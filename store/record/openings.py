"""Openings of gates: sealed entries that something may go out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, RowMapping, and_, select, update

from domain.ids import MessageRef
from domain.opening import OpeningKind, SealedOpening
from domain.sealing import RecordKey, Sealed
from domain.times import in_utc
from store.kernel.database import Database, upsert
from store.tables import openings


async def enter(db: Database, key: RecordKey, opening: SealedOpening) -> None:
    """Seal an opening and enter it; the same again changes nothing, not even that it was revoked.

    Another one under its number, entered by somebody else or before Temporal was reset, is
    replaced: the incident has the last word.
    """
    seal = key.seal(Sealed.OPENING, opening.sealed_digest())
    row = {
        **opening.model_dump(exclude={"revoked_at"}),
        "destinations": json.dumps(opening.model_dump(mode="json")["destinations"]),
        "decisions": json.dumps(opening.model_dump(mode="json")["decisions"]),
        "key_id": key.key_id,
        "seal": seal,
        "revoked_at": None,
    }
    entering = upsert(db.dialect, openings).values(row)
    statement = entering.on_conflict_do_update(
        index_elements=["incident", "kind", "number", "revision"],
        set_={name: entering.excluded[name] for name in row},
        where=openings.c.seal != seal,
    )
    # In one trip: the first word waits for it.
    await db.write_with(lambda connection: connection.execute(statement).close())


async def revoke(db: Database, message: MessageRef, at: datetime) -> None:
    """Let nothing more out by the opening of a message; the first time counts."""
    async with db.write() as connection:
        await connection.execute(
            update(openings)
            .where(_of(message), openings.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )


async def find(
    db: Database, message: MessageRef, kind: OpeningKind = OpeningKind.MESSAGE
) -> SealedOpening | None:
    """The opening of one revision of a message; None if there is none, or none that is readable."""
    query = select(openings).where(_of(message), openings.c.kind == kind.value)
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else _read(row._mapping)


async def newest_form(db: Database, incident: str) -> SealedOpening | None:
    """The newest opening of an incident's reply rules that was not revoked; None without one."""
    query = (
        select(openings)
        .where(
            openings.c.incident == incident,
            openings.c.kind == OpeningKind.FORM.value,
            openings.c.revoked_at.is_(None),
        )
        .order_by(openings.c.number.desc(), openings.c.revision.desc())
        .limit(1)
    )
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else _read(row._mapping)


async def of_incident(db: Database, incident: str) -> list[SealedOpening]:
    """Every opening of an incident that can be read, by number and revision."""
    query = (
        select(openings)
        .where(openings.c.incident == incident)
        .order_by(openings.c.kind, openings.c.number, openings.c.revision)
    )
    async with db.read() as connection:
        found = [_read(row._mapping) for row in await connection.execute(query)]
    return [one for one in found if one is not None]


def _of(message: MessageRef) -> ColumnElement[bool]:
    return and_(
        openings.c.incident == message.incident,
        openings.c.number == message.number,
        openings.c.revision == message.revision,
    )


def _read(row: RowMapping) -> SealedOpening | None:
    values: dict[str, Any] = dict(row)
    try:
        values["destinations"] = json.loads(row["destinations"])
        values["decisions"] = json.loads(row["decisions"])
        revoked = row["revoked_at"]
        values["revoked_at"] = in_utc(revoked).isoformat() if revoked else ""
        return SealedOpening.model_validate(values)
    except (ValueError, ValidationError):
        return None
