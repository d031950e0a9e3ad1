"""Reading what a resolution said would be done."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.follow_up import READ_FOLLOW_UP, FollowUpRead, ReadFollowUp
from domain.follow_up import owners_of
from store.kernel.database import Database
from store.record import drafts


class FollowUpActivities:
    """Reads facts; tells nobody anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.read_follow_up]

    @defined(READ_FOLLOW_UP)
    async def read_follow_up(self, order: ReadFollowUp) -> FollowUpRead:
        """The day and the people, as the newest facts have them."""
        with failing_in_words(datetime.now(UTC)):
            facts = await drafts.newest(self._database, order.incident)
        if facts is None or facts.prevention_due is None:
            return FollowUpRead()
        people = owners_of(facts.prevention_owner, order.roster, order.otherwise)
        return FollowUpRead(due=facts.prevention_due, people=people)
