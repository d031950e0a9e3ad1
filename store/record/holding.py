"""Holding statements that were approved: the openings of their gates, with the forms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from domain.holding import HoldingForms
from domain.ids import MessageRef
from domain.model import Value
from domain.opening import OpeningKind
from store.kernel.database import Database
from store.record import messages
from store.tables import openings


class ApprovedForms(Value):
    """Statements whose gate was opened at ``approved_at``, in message ``ref`` with ``digest``."""

    ref: MessageRef
    digest: str
    forms: HoldingForms
    approved_at: datetime


async def approved(db: Database) -> list[ApprovedForms]:
    """Every approval that was not revoked, the newest first; the wire checks its seal."""
    query = (
        select(openings)
        .where(openings.c.kind == OpeningKind.HOLDING.value, openings.c.revoked_at.is_(None))
        .order_by(openings.c.opened_at.desc(), openings.c.incident, openings.c.number.desc())
    )
    async with db.read() as connection:
        rows = list(await connection.execute(query))
    found = []
    for row in rows:
        ref = MessageRef(incident=row.incident, number=row.number, revision=row.revision)
        document = await messages.find_revision(db, ref)
        if document is None or document.holding is None or document.digest() != row.digest:
            continue
        found.append(
            ApprovedForms(
                ref=ref,
                digest=row.digest,
                forms=document.holding,
                approved_at=datetime.fromisoformat(row.opened_at),
            )
        )
    return found


async def newest_approved(db: Database, playbook: str) -> ApprovedForms | None:
    """The newest approval of the statements of a playbook; None if there is none."""
    return next((one for one in await approved(db) if one.forms.playbook == playbook), None)
