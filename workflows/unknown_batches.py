"""Batches of unknown outcome: settled by the provider's events, or sent again after silence."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.settling import SETTLE_UNKNOWN, SettleUnknown, UnknownSettled
    from domain.explanation import Explanation
    from domain.message import MessageClass
    from workflows.batch_window import BatchWindow
    from workflows.broadcast_control import BroadcastControl
    from workflows.calls import call
    from workflows.contract.publications import PublishMessage
    from workflows.policies import EVENTS_POLL, LEDGER


class UnknownBatches:
    """Waits for events; ``kept_back`` is why some batches were not sent again."""

    def __init__(
        self, order: PublishMessage, control: BroadcastControl, window: BatchWindow
    ) -> None:
        self._order = order
        self._control = control
        self._window = window
        self.kept_back: Explanation | None = None

    async def settle(self) -> bool:
        """Wait for the events of unknown batches; True if some batches are to go (again).

        True, too, if this run has taken enough and another is to go on waiting.
        """
        length = self._order.broadcast.unknown_window
        deadline = self._control.run.unknown_until or workflow.now() + length
        pause = max(EVENTS_POLL, length / 60)
        while self._control.run.unknown_batches:
            if self._control.ceilings.near():
                self._control.note(unknown_until=deadline)
                return True
            settled = await self._ask_events(release=False)
            if self._hand_out(settled):
                self._control.note(unknown_until=None)
                return True
            if not settled.unknown_batches:
                break
            if workflow.now() >= deadline:
                self._control.note(unknown_until=None)
                return await self._release()
            await self._pause(min(pause, deadline - workflow.now() + timedelta(milliseconds=10)))
        self._control.note(unknown_until=None)
        return False

    async def count(self) -> None:
        """Read from the ledger how many got it and how many did not, where not all of them did."""
        run = self._control.run
        if self._control.planned and run.accepted < run.recipients:
            found = await self._ask_events(release=False)
            self._control.note(refused=found.refused, not_sent=found.not_sent)

    async def _release(self) -> bool:
        """The window has closed: the message's class decides what silence means.

        Of a broadcast that the provider has stopped too, so that it is known what a retry sends.
        """
        goodwill = self._order.message_class is MessageClass.GOODWILL
        if goodwill or self._control.halted is not None:
            return False
        return self._hand_out(await self._ask_events(release=True))

    def _hand_out(self, settled: UnknownSettled) -> bool:
        """Queue the batches that may go now; True if there are any."""
        if self._control.over:
            return False
        # One range each: these batches are few and far apart.
        self._window.add(*((number, number) for number in settled.released))
        return bool(settled.released)

    async def _ask_events(self, *, release: bool) -> UnknownSettled:
        before = workflow.now() - self._order.broadcast.unknown_window
        settled = await call(
            SETTLE_UNKNOWN,
            SettleUnknown(
                broadcast=self._control.run.broadcast,
                release_before=before if release else None,
                max_attempts=self._order.attempts,
                task=self._control.task(),
            ),
            LEDGER,
            priority=self._control.priority,
        )
        self._control.note(
            unknown_batches=settled.unknown_batches,
            accepted=settled.accepted,
        )
        self.kept_back = settled.kept_back
        await self._control.tell_first_batch()
        return settled

    async def _pause(self, length: timedelta) -> None:
        halted = self._control.halted is not None
        with contextlib.suppress(TimeoutError):
            # A halted broadcast still waits for the events of what was on the wire.
            await workflow.wait_condition(
                lambda: (
                    (self._control.halted is not None) != halted or self._control.ceilings.near()
                ),
                timeout=length,
            )
