"""The handlers for what was approved: taking back, pausing, trying again, saying what went out."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.status import IncidentStatus, MessageStatus
    from workflows.contract.steering import (
        Reconcile,
        RetryChannel,
        Settle,
        SteerBroadcast,
        Withdraw,
    )
    from workflows.handlers.base import IncidentHandlers
    from workflows.publishing import Publishing
    from workflows.recovering import Recovering
    from workflows.refusing import refusing
    from workflows.settling import Settling
    from workflows.turns import turn
    from workflows.withdrawing import Withdrawing


class SteeringHandlers(IncidentHandlers):
    """Publications and broadcasts of messages that were approved."""

    _turn: asyncio.Lock
    _turn_of: defaultdict[int, asyncio.Lock]
    _withdrawing: Withdrawing
    _publishing: Publishing
    _settling: Settling
    _recovering: Recovering

    @workflow.update(name="withdraw")
    async def withdraw(self, withdraw: Withdraw) -> MessageStatus:
        """Stop what has not gone out, and begin to take back what can be."""
        self._ceilings.updates += 1
        return self._of(self._withdrawing.withdraw(withdraw))

    @withdraw.validator
    def _check_withdraw(self, withdraw: Withdraw) -> None:
        with refusing():
            self._withdrawing.refuse(withdraw)

    @workflow.update(name="steer_broadcast")
    async def steer_broadcast(self, steer: SteerBroadcast) -> MessageStatus:
        """Pause, resume or stop mail that is going out; effective within one batch."""
        self._ceilings.updates += 1
        with refusing():
            return self._of(self._publishing.steer(steer))

    @steer_broadcast.validator
    def _check_steer(self, steer: SteerBroadcast) -> None:
        with refusing():
            self._publishing.refuse_steering(steer)

    @workflow.update(name="retry_channel")
    async def retry_channel(self, retry: RetryChannel) -> MessageStatus:
        """Publish an approved message once more where it was refused."""
        self._ceilings.updates += 1
        with refusing():
            return self._of(self._publishing.retry(retry))

    @retry_channel.validator
    def _check_retry(self, retry: RetryChannel) -> None:
        with refusing():
            self._publishing.refuse_retry(retry)

    @workflow.update(name="settle")
    async def settle(self, settle: Settle) -> MessageStatus:
        """Enter what a person saw of a publication of unknown outcome."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            async with turn(self._turn_of[settle.message]), turn(self._turn):
                return self._of(await self._settling.settle(settle))

    @settle.validator
    def _check_settle(self, settle: Settle) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._settling.refuse(settle)

    @workflow.update(name="reconcile")
    async def reconcile(self, reconcile: Reconcile) -> IncidentStatus:
        """Go on with a ledger that was compared with what went out."""
        with refusing():
            self._recovering.reconcile(reconcile)
        return self.status()

    @reconcile.validator
    def _check_reconcile(self, reconcile: Reconcile) -> None:
        with refusing():
            self._recovering.refuse(reconcile)
