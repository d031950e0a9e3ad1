"""How a broadcast ended as a whole, entered when its workflow has ended or a person has settled it.

Its batches say who got it; this says in words what became of it, also when the incident that asked
for it was not there to hear it.
"""

from __future__ import annotations

from sqlalchemy import select, update

from domain.ids import MessageRef, publication_key
from domain.publication import Outcome
from store.kernel.database import Database
from store.tables import broadcasts


async def enter(
    db: Database, ref: MessageRef, channel: str, audience: str, outcome: Outcome
) -> None:
    """Enter how exactly this revision's broadcast ended; one never planned has no place for it."""
    async with db.write() as connection:
        await connection.execute(
            update(broadcasts)
            .where(broadcasts.c.key == publication_key(ref, channel, audience))
            .values(outcome=outcome.model_dump_json(exclude_defaults=True))
        )


async def read(db: Database, ref: MessageRef, channel: str, audience: str) -> Outcome | None:
    """How exactly this revision's broadcast ended; None if it has not, or was never planned."""
    query = select(broadcasts.c.outcome).where(
        broadcasts.c.key == publication_key(ref, channel, audience)
    )
    async with db.read() as connection:
        text: str | None = await connection.scalar(query)
    return Outcome.model_validate_json(text) if text else None
