"""How publications and broadcasts ended, out of the ledger and into it."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.outcomes import (
    ENTER_OUTCOME,
    READ_OUTCOME,
    EnterOutcome,
    OutcomeRead,
)
from activities.signatures.posts import PublicationTask
from activities.signatures.signature import Nothing
from domain.publication import Outcome, PublicationState
from store.broadcasts import broadcasts, outcomes
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.record import publication_rows


class OutcomeActivities:
    """Work on the ledger alone; sends nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.read_outcome, self.enter_outcome]

    @defined(READ_OUTCOME)
    async def read_outcome(self, task: PublicationTask) -> OutcomeRead:
        """What the ledger has of it, under way or ended."""
        with failing_in_words(datetime.now(UTC)):
            return await read_outcome(self._database, task)

    @defined(ENTER_OUTCOME)
    async def enter_outcome(self, order: EnterOutcome) -> Nothing:
        """Enter how a broadcast ended."""
        with failing_in_words(datetime.now(UTC)):
            await enter_outcome(self._database, order.task, order.outcome)
        return Nothing()


async def enter_outcome(database: Database, task: PublicationTask, outcome: Outcome) -> None:
    """Enter how a broadcast ended; a post has its row."""
    if task.audience is not None:
        await outcomes.enter(database, task.message, task.channel, task.audience, outcome)


async def read_outcome(database: Database, task: PublicationTask) -> OutcomeRead:
    """What the ledger has of a publication or a broadcast of exactly this revision."""
    if task.audience is None:
        return await _of_post(database, task)
    return await _of_broadcast(database, task, task.audience)


async def _of_post(database: Database, task: PublicationTask) -> OutcomeRead:
    row = await publication_rows.find(database, task.message, task.channel)
    if row is None or row.revision != task.message.revision:
        return _nothing(task)
    outcome = Outcome.at(
        task.destination,
        row.state,
        row.explanation,
        receipt=row.receipt,
        attempts=row.attempt,
        uncertain=row.uncertain,
    )
    return OutcomeRead(outcome=outcome, reached=row.state is PublicationState.ACCEPTED)


async def _of_broadcast(database: Database, task: PublicationTask, audience: str) -> OutcomeRead:
    place = (database, task.message, task.channel, audience)
    found = await broadcasts.find_broadcast(*place)
    if found is None:
        return _nothing(task)
    outcome = await outcomes.read(*place)
    progress = await read_progress(database, found.id)
    return OutcomeRead(
        outcome=outcome or Outcome.at(task.destination, PublicationState.SENDING),
        reached=progress.went_out > 0,
    )


def _nothing(task: PublicationTask) -> OutcomeRead:
    return OutcomeRead(outcome=Outcome.at(task.destination, PublicationState.PLANNED), known=False)
