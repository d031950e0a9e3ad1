"""Entering what a person saw at the platform, where no machine could tell."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.posts import SEEN_BY_A_PERSON, standing_of
from activities.signatures import SETTLE_BY_PERSON, SettleByPerson, Standing
from domain.errors import DomainError
from domain.publication import PublicationState, Receipt
from store import broadcasts, publications
from store.database import Database


class SettlingActivities:
    """Work on the ledger alone; sends nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.settle_by_person]

    @defined(SETTLE_BY_PERSON)
    async def settle_by_person(self, order: SettleByPerson) -> Standing:
        """Enter that it went out, or that it did not and may go again (or ends otherwise)."""
        with failing_in_words(datetime.now(UTC)):
            if order.direct:
                return await self._settle_batches(order)
            return await self._settle_post(order)

    async def _settle_post(self, order: SettleByPerson) -> Standing:
        task, now = order.task, datetime.now(UTC)
        place = (self._database, task.message, task.channel)
        if order.went_out:
            receipt = Receipt(id=SEEN_BY_A_PERSON, url=order.url, at=now)
            return standing_of(await publications.accept(*place, receipt, now))
        return standing_of(
            await publications.settle_state(
                *place, order.otherwise, "A person saw that it did not go out.", "", now
            )
        )

    async def _settle_batches(self, order: SettleByPerson) -> Standing:
        task, now = order.task, datetime.now(UTC)
        found = await broadcasts.find_broadcast(self._database, task.message, task.channel)
        if found is None:
            raise DomainError("This broadcast was never planned.", "Nothing needs settling.")
        for row in await broadcasts.unknown_batches(self._database, found.id):
            if order.went_out:
                receipt = Receipt(id=SEEN_BY_A_PERSON, url=order.url, at=now)
                await broadcasts.accept_batch(self._database, found.id, row.number, receipt, now)
            else:
                await broadcasts.release_batch(self._database, found.id, row.number)
        if order.went_out:
            return Standing(state=PublicationState.ACCEPTED)
        if order.otherwise is not PublicationState.PLANNED:
            await broadcasts.stop(self._database, found.id, now, order.otherwise)
        return Standing(state=order.otherwise)
