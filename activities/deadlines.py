"""Reads how deadlines to authorities stand, and has them be watched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from temporalio.exceptions import ApplicationError

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.deadlines import (
    READ_DEADLINES,
    START_WATCHING,
    DeadlinesRead,
    EndedDeadline,
    ReadDeadlines,
    WatchDeadlines,
)
from activities.signatures.signature import Nothing
from domain.deadlines import about_deadline, deadlines, next_rung, reached
from store.deadlines import grounds
from store.kernel.database import Database

Start = Callable[[WatchDeadlines], Awaitable[bool]]
"""Starts the workflow that watches, or has it look again; false if it could not."""


class DeadlineActivities:
    """Counts from what the ledger has; ``clock`` tells the time."""

    def __init__(
        self,
        database: Database,
        start: Start,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._start = start
        self._now = clock

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.start_watching, self.read_deadlines]

    @defined(START_WATCHING)
    async def start_watching(self, order: WatchDeadlines) -> Nothing:
        """Have the deadlines be watched; again, they are looked at again."""
        if not await self._start(order):
            raise ApplicationError("The watching of deadlines was not started.", type="NotStarted")
        return Nothing()

    @defined(READ_DEADLINES)
    async def read_deadlines(self, order: ReadDeadlines) -> DeadlinesRead:
        """How they stand now."""
        with failing_in_words(self._now()):
            known = await grounds.read(self._database, order.incident)
        now = self._now()
        found = deadlines(known.plan, known.facts, known.notified, now)
        after = next_rung(found, now)
        told = {one.step: one.notified for one in found if one.notified is not None}
        return DeadlinesRead(
            owner=known.plan.owner,
            reached=tuple(reached(found, now)),
            ended=tuple(
                EndedDeadline(about=about_deadline(step), at=one.at, by=one.by)
                for step, one in told.items()
            ),
            again_in=after and after.total_seconds(),
        )
