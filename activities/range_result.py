"""How the batches of a range ended, each entered in the ledger, unless it was accepted."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.backoff import wait_for
from activities.failures import failing_in_words
from activities.signatures.broadcasts import ProviderLimit, PutAside, SendBatches
from channels.contract import Throttled
from domain.explanation import Explanation, NextStep
from domain.ledger import BegunAttempt
from store.broadcasts import batch_outcomes, batches
from store.broadcasts.addressees import Sendables
from store.broadcasts.batch_rows import BatchRow
from store.kernel.database import Database
from store.stops.keeping_back import what_keeps_back

LOOK_YOURSELF = NextStep(
    advice="Its events settle it. If none come, look in the provider's activity, then settle it."
)


class RangeResult:
    """What one pass over a range has come to, and why.

    ``halted``: no further batch can go out. ``paused``: the ledger hands out nothing now.
    ``over``: for either of them, or after a failure, nothing more of the range is sent now.
    ``held`` is why, if a person keeps it back. ``begun`` is the batch that was begun
    last.
    """

    def __init__(self, database: Database, order: SendBatches) -> None:
        self._database = database
        self._order = order
        self.taken = 0
        self.halted = False
        self.paused = False
        self.held: Explanation | None = None
        self.over = False
        self._hands_back = False
        self._to_send_again: list[int] = []
        self.aside: PutAside | None = None
        self.limit: ProviderLimit | None = None
        self.begun: BegunAttempt | None = None
        self.explanation: Explanation | None = None

    @property
    def stops(self) -> bool:
        """Whether no further batch is begun: whoever watches the whole broadcast is to look."""
        return self.over or self._hands_back

    def reached(self, begun_to: int) -> int | None:
        """The last batch that is done with if the rest is handed back, of those up to ``begun_to``.

        None if there is no more to send now.
        """
        done_to = min([begun_to, *(number - 1 for number in self._to_send_again)])
        if self.aside is not None and self.aside.number > done_to:
            # It is handed back with the rest.
            self.aside = None
        return None if self.over or done_to == self._order.last else done_to

    def halt(self, why: Explanation) -> None:
        """Send nothing more: it is about us."""
        self.halted = self.over = True
        self.explanation = why

    async def pause(self) -> None:
        """Send nothing more now: the ledger hands nothing out, for it is paused or kept back."""
        self.paused = self.over = True
        with failing_in_words(datetime.now(UTC)):
            task = self._order.task
            why = await what_keeps_back(self._database, task.message.incident, task.channel)
        if why is not None:
            self.held = why

    async def bring_back(self, row: BatchRow, why: Explanation) -> None:
        """Return the batch unsent: it is certain that nothing of this attempt went out."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            await batch_outcomes.batch_nothing_went_out(
                self._database, self._order.broadcast, row.number, row.attempt, why, now
            )

    async def throttled(self, row: BatchRow, error: Throttled) -> None:
        """Return the batch unsent, and say until when nothing more can go out."""
        await self.bring_back(row, error.explanation)
        now = datetime.now(UTC)
        times = 1 if self.taken else self._order.throttles + 1
        self.limit = ProviderLimit(until=now + wait_for(error, times, now), times=times)
        if not self.halted:
            self.explanation = error.explanation
        self._hands_back = True
        self._to_send_again.append(row.number)

    async def put_aside(
        self,
        row: BatchRow,
        people: Sendables,
        why: Explanation,
        *,
        until: datetime | None = None,
        certain: bool = False,
    ) -> None:
        """Return the batch unsent for another try, or refuse it if this was the last."""
        self._hands_back = True
        if self.limit is None and not self.halted:
            self.explanation = why
        if self._order.last_try:
            await self._refuse(row, people, why)
            return
        await self.bring_back(row, why)
        put = PutAside(number=row.number, until=until, certain=certain)
        if self.aside is not None:
            # One at a time is told apart from others; the later one is simply sent again.
            put, later = sorted((put, self.aside), key=lambda one: one.number)
            self._to_send_again.append(later.number)
        self.aside = put

    async def unknown(self, row: BatchRow, what: str) -> None:
        """Enter that nobody knows whether it went out."""
        now = datetime.now(UTC)
        why = Explanation(what=what, means="It may have gone out.", next_step=LOOK_YOURSELF)
        with failing_in_words(now):
            await batch_outcomes.mark_batch_unknown(
                self._database, self._order.broadcast, row.number, row.attempt, why, now
            )

    async def _refuse(self, row: BatchRow, people: Sendables, why: Explanation) -> None:
        """Refuse the only recipient of a batch, or a batch of several as a whole.

        A retry sends the latter again: one of its recipients is at fault, and nobody knows which.
        """
        broadcast, now = self._order.broadcast, datetime.now(UTC)
        with failing_in_words(now):
            if len(people.ids) > 1:
                await batch_outcomes.refuse_batch(
                    self._database, broadcast, row.number, row.attempt, why, now
                )
                return
            await batches.refuse_deliveries(
                self._database, broadcast, people.ids, "refused by the provider"
            )
            await batches.close_empty_batch(self._database, broadcast, row.number)
