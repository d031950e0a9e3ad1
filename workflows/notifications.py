"""Notifying our own people: one workflow for all of them, for as long as something waits.

Its history has times, and neither people nor what they are told. What waits, each attempt and each
acknowledgement are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    from workflows.rounds import UntilNothingWaits


@workflow.defn(name=NOTIFICATIONS_WORKFLOW)
class NotificationsWorkflow:
    """Sends what is due, waits for what is not, and ends when nothing waits."""

    @workflow.init
    def __init__(self, order: SendPeopleNotifications) -> None:
        self._rounds = UntilNothingWaits()

    @workflow.run
    async def run(self, order: SendPeopleNotifications) -> None:
        """Go round until nothing waits."""

        async def a_round() -> float | None:
            sent = await call(
                SEND_NOTIFICATIONS,
                SendNotifications(),
                NOTIFYING,
                queue=OUTBOX_QUEUE,
                priority=URGENT,
            )
            return sent.again_in

        if await self._rounds.go(a_round):
            workflow.continue_as_new(order)

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: something may be due now."""
        self._rounds.hear()


@workflow.defn(name=CONTACT_TEST_WORKFLOW)
class ContactTestWorkflow:
    """Sends everybody a contact test: one short workflow a week, started by a Temporal Schedule."""

    @workflow.run
    async def run(self, order: TestEverybody) -> None:
        """Have it be entered. Who acknowledges is in the ledger."""
        test = f"contact_test/{workflow.now():%Y-%m-%dT%H:%M:%S}"
        await call(TEST_CONTACTS, TestContacts(test=test), ASKED)
