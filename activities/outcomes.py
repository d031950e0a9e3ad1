"""How publications and broadcasts ended, out of the ledger and into it."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.outcomes import ENTER_OUTCOME, READ_OUTCOME, EnterOutcome, OutcomeRead
from activities.signatures.posts import PublicationTask
from activities.signatures.signature import Nothing
from store.kernel.database import Database
from store.outcomes import outcomes
from store.recovery.standing import why_behind


class OutcomeActivities:
    """Work on the ledger alone; sends nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.read_outcome, self.enter_outcome]

    @defined(READ_OUTCOME)
    async def read_outcome(self, task: PublicationTask) -> OutcomeRead:
        """What the ledger has of a publication or a broadcast, under way or ended."""
        with failing_in_words(datetime.now(UTC)):
            ref, place = task.message, task.destination
            behind = await why_behind(self._database, ref.incident, task.known, ref, place)
            found = await outcomes.read(self._database, ref, place)
        return OutcomeRead(
            outcome=found.outcome, known=found.known, reached=found.reached, behind=behind
        )

    @defined(ENTER_OUTCOME)
    async def enter_outcome(self, order: EnterOutcome) -> Nothing:
        """Enter how a broadcast ended."""
        task = order.task
        with failing_in_words(datetime.now(UTC)):
            await outcomes.enter(self._database, task.message, task.destination, order.outcome)
        return Nothing()
