"""How publications and broadcasts ended, as the ledger has it.

A post has its row. The batches of a broadcast say who got it; how it ended as a whole is entered
when its workflow has ended or a person has settled it, also when the incident that asked for it
was not there to hear it.
"""

from __future__ import annotations

from sqlalchemy import select, update

from domain.ids import MessageRef, publication_key
from domain.ledger import BegunAttempt
from domain.model import Value
from domain.publication import Destination, Outcome, PublicationState
from store.broadcasts.broadcasts import find_broadcast
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.record import publication_rows
from store.tables import broadcasts


class LedgerOutcome(Value):
    """An outcome in the ledger; one that has not ended is *planned* or *sending*.

    ``known`` is false if the ledger has nothing of it, so that nothing of it can have gone out.
    ``reached``: a provider has accepted it; of a broadcast, at least one batch.
    """

    outcome: Outcome
    known: bool = True
    reached: bool = False


async def enter(db: Database, ref: MessageRef, place: Destination, outcome: Outcome) -> None:
    """Enter how a broadcast of exactly this revision ended; one never planned has no place for it.

    ``ValueError`` for a post.
    """
    if place.audience is None:
        raise ValueError("the outcome of a post is in its row")
    async with db.write() as connection:
        await connection.execute(
            update(broadcasts)
            .where(broadcasts.c.key == publication_key(ref, place.channel, place.audience))
            .values(outcome=outcome.model_dump_json(exclude_defaults=True))
        )


async def read(db: Database, ref: MessageRef, place: Destination) -> LedgerOutcome:
    """What the ledger has of exactly this revision at ``place``."""
    if place.audience is None:
        return await _of_post(db, ref, place)
    return await _of_broadcast(db, ref, place, place.audience)


async def _of_post(db: Database, ref: MessageRef, place: Destination) -> LedgerOutcome:
    row = await publication_rows.find(db, ref, place.channel)
    if row is None or row.revision != ref.revision:
        return _nothing(place)
    outcome = Outcome.at(
        place,
        row.state,
        row.explanation,
        receipt=row.receipt,
        attempts=row.attempt,
        uncertain=row.uncertain,
    )
    if row.started_at is not None:
        begun = BegunAttempt(attempt=row.attempt, at=row.started_at)
        outcome = outcome.model_copy(update={"begun": begun})
    return LedgerOutcome(outcome=outcome, reached=row.state is PublicationState.ACCEPTED)


async def _of_broadcast(
    db: Database, ref: MessageRef, place: Destination, audience: str
) -> LedgerOutcome:
    found = await find_broadcast(db, ref, place.channel, audience)
    if found is None:
        return _nothing(place)
    query = select(broadcasts.c.outcome).where(broadcasts.c.id == found.id)
    async with db.read() as connection:
        text: str | None = await connection.scalar(query)
    progress = await read_progress(db, found.id)
    return LedgerOutcome(
        outcome=Outcome.model_validate_json(text)
        if text
        else Outcome.at(place, PublicationState.SENDING),
        reached=progress.went_out > 0,
    )


def _nothing(place: Destination) -> LedgerOutcome:
    return LedgerOutcome(outcome=Outcome.at(place, PublicationState.PLANNED), known=False)
