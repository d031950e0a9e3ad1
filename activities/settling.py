"""Entering what a person saw at the platform, where no machine could tell."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.approved import OpenedGates
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.looking import publication_status
from activities.recovery import refusing_behind
from activities.signatures.posts import PublicationStatus, PublicationTask
from activities.signatures.settling import SETTLE_BY_PERSON, SettleByPerson
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.plural import plural
from domain.publication import SEEN_BY_A_PERSON, Outcome, PublicationState, Receipt
from store.broadcasts import batch_outcomes, batches, broadcasts
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.outcomes import outcomes
from store.record import publications

_DID_NOT_GO_OUT = Explanation(what="A person saw that it did not go out.")


class SettlingActivities:
    """Work on the ledger alone; sends nothing."""

    def __init__(self, database: Database, gates: OpenedGates) -> None:
        self._database = database
        self._gates = gates

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.settle_by_person]

    @defined(SETTLE_BY_PERSON)
    async def settle_by_person(self, order: SettleByPerson) -> PublicationStatus:
        """Enter that it went out, or that it did not and may go again (or ends otherwise)."""
        with failing_in_words(datetime.now(UTC)):
            async with refusing_behind(self._database, self._gates, order.task):
                if not order.direct:
                    return await self._settle_post(order)
                status = await self._settle_batches(order)
                if status.state.settled:
                    ref, place = order.task.message, order.task.destination
                    outcome = Outcome.at(place, status.state, status.explanation)
                    await outcomes.enter(self._database, ref, place, outcome)
                return status

    async def _settle_post(self, order: SettleByPerson) -> PublicationStatus:
        task, now = order.task, datetime.now(UTC)
        place = (self._database, task.message, task.channel)
        if order.went_out:
            receipt = Receipt(id=SEEN_BY_A_PERSON, url=order.url, at=now)
            return publication_status(await publications.accept(*place, receipt, now))
        return publication_status(
            await publications.did_not_go_out(*place, order.otherwise, _DID_NOT_GO_OUT, now)
        )

    async def _settle_batches(self, order: SettleByPerson) -> PublicationStatus:
        task, now = order.task, datetime.now(UTC)
        found = await broadcasts.find_broadcast(
            self._database, task.message, task.channel, task.audience or ""
        )
        if found is None:
            raise DomainError("This broadcast was never planned.", "There is nothing to settle.")
        await batch_outcomes.settle_by_events(self._database, found.id)
        unknown = await batch_outcomes.unknown_batches(self._database, found.id)
        await self._refuse_known(order, found.id)
        asked = set(order.batches) or {row.number for row in unknown}
        for row in unknown:
            if row.number not in asked:
                continue
            if order.went_out:
                receipt = Receipt(id=SEEN_BY_A_PERSON, url=order.url, at=now)
                await batches.accept_batch(self._database, found.id, row.number, receipt, now)
            else:
                await batch_outcomes.release_batch(self._database, found.id, row.number)
        end = PublicationState.ACCEPTED if order.went_out else order.otherwise
        if end is PublicationState.PLANNED:
            # Sending it comes first; the others are asked about again when that has ended.
            return PublicationStatus(state=end)
        if not order.went_out:
            await broadcasts.stop(self._database, found.id, now, end)
        left = sum(row.number not in asked for row in unknown)
        if left:
            why = Explanation(
                what=f"{plural(left, 'batch is', 'batches are')} still unknown.",
                next_step=_list_unknown(task, "Look for them in the provider's activity."),
            )
            return PublicationStatus(state=PublicationState.UNKNOWN, explanation=why)
        still_wanted = order.otherwise is PublicationState.PLANNED
        if still_wanted and await batch_outcomes.planned_batches(self._database, found.id):
            # An answer that came when the broadcast was about to end: nobody has sent it yet.
            return PublicationStatus(state=PublicationState.PLANNED)
        return await self._ended(found.id, end)

    async def _ended(self, broadcast: int, end: PublicationState) -> PublicationStatus:
        """``end``, or partly accepted if some were accepted and others never sent to."""
        reached = await read_progress(self._database, broadcast)
        not_sent = reached.recipients - reached.suppressed - reached.went_out - reached.refused
        if end is not PublicationState.ACCEPTED or not not_sent:
            return PublicationStatus(state=end)
        people = plural(reached.recipients - reached.suppressed, "recipient")
        why = f"{reached.went_out:,} of {people} accepted, {not_sent:,} not sent."
        return PublicationStatus(
            state=PublicationState.PARTLY_ACCEPTED, explanation=Explanation(what=why)
        )

    async def _refuse_known(self, order: SettleByPerson, broadcast: int) -> None:
        """Refuse to settle a batch whose outcome is known."""
        agrees = PublicationState.ACCEPTED if order.went_out else PublicationState.PLANNED
        for number in order.batches:
            row = await batch_outcomes.get(self._database, broadcast, number)
            if row.state not in (PublicationState.UNKNOWN, agrees):
                raise DomainError(
                    f"Batch {number} is {row.state}, not unknown: nothing was entered.",
                    _list_unknown(order.task),
                )


def _list_unknown(task: PublicationTask, advice: str = "") -> NextStep:
    return task.destination.step(Action.LIST_UNKNOWN, task.message, advice)
