"""Notifying our own people: one workflow for all of them, for as long as something waits.

Its history has times, and neither people nor what they are told. What waits, each attempt and each
acknowledgement are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.signatures.notifications import (
        SEND_NOTIFICATIONS,
        TEST_CONTACTS,
        SendNotifications,
        TestContacts,
    )
    from domain.ids import OUTBOX_QUEUE
    from workflows.calls import call
    from workflows.contract.names import CONTACT_TEST_WORKFLOW, NOTIFICATIONS_WORKFLOW
    from workflows.contract.standing import SendPeopleNotifications, TestEverybody
    from workflows.policies import ASKED, NOTIFYING, URGENT


@workflow.defn(name=NOTIFICATIONS_WORKFLOW)
class NotificationsWorkflow:
    """Sends what is due, waits for what is not, and ends when nothing waits."""

    @workflow.init
    def __init__(self, order: SendPeopleNotifications) -> None:
        self._heard = 0

    @workflow.run
    async def run(self, order: SendPeopleNotifications) -> None:
        """Go round until nothing waits."""
        while True:
            heard = self._heard
            sent = await call(
                SEND_NOTIFICATIONS,
                SendNotifications(),
                NOTIFYING,
                queue=OUTBOX_QUEUE,
                priority=URGENT,
            )
            if self._heard == heard:
                if sent.again_in is None:
                    return
                await self._wait(heard, sent.again_in)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(order)

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: something may be due now."""
        self._heard += 1

    async def _wait(self, heard: int, seconds: float) -> None:
        """Wait so long, or until somebody says that more was entered."""
        if not seconds:
            return
        try:
            await workflow.wait_condition(
                lambda: self._heard != heard, timeout=timedelta(seconds=seconds)
            )
        except TimeoutError:
            return


@workflow.defn(name=CONTACT_TEST_WORKFLOW)
class ContactTestWorkflow:
    """Sends everybody a contact test: one short workflow a week, started by a Temporal Schedule."""

    @workflow.run
    async def run(self, order: TestEverybody) -> None:
        """Have it be entered. Who acknowledges is in the ledger."""
        test = f"contact_test/{workflow.now():%Y-%m-%dT%H:%M:%S}"
        await call(TEST_CONTACTS, TestContacts(test=test), ASKED)
