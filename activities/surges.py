"""Counts what is said now against what is normal, and keeps surges where people see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.surges import WATCH_SURGES, Surging, WatchSurges
from domain.surge import SurgeRule
from store.desk import surges
from store.kernel.database import Database


class SurgeActivities:
    """Judges by ``rule``; ``clock`` tells the time."""

    def __init__(
        self,
        database: Database,
        rule: SurgeRule,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._rule = rule
        self._now = clock

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.watch_surges]

    @defined(WATCH_SURGES)
    async def watch_surges(self, order: WatchSurges) -> Surging:
        """Begin, go on with and end the surge of each channel; again, it counts again."""
        with failing_in_words(self._now()):
            await surges.compute(self._database, order.channels, self._rule, self._now())
            return Surging(many=len(await surges.current(self._database)))
