"""Sending an endpoint what waits for it: one workflow for each, for as long as something waits.

Its history has the endpoint's name and times, and nothing of what is sent. What waits, each attempt
and its end are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.signatures.outbox import SEND_DUE, SendDue
    from domain.ids import OUTBOX_QUEUE
    from workflows.calls import call
    from workflows.contract.names import OUTBOX_WORKFLOW
    from workflows.contract.standing import SendOutbox
    from workflows.policies import OUTBOX
    from workflows.rounds import UntilNothingWaits


@workflow.defn(name=OUTBOX_WORKFLOW)
class OutboxWorkflow:
    """Sends what is due, waits for what is not, and ends when nothing waits."""

    @workflow.init
    def __init__(self, order: SendOutbox) -> None:
        self._rounds = UntilNothingWaits()

    @workflow.run
    async def run(self, order: SendOutbox) -> None:
        """Go round until nothing waits that could be sent."""

        async def a_round() -> float | None:
            due = SendDue(endpoint=order.endpoint)
            return (await call(SEND_DUE, due, OUTBOX, queue=OUTBOX_QUEUE)).again_in

        if await self._rounds.go(a_round):
            workflow.continue_as_new(order)

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: something may be due now."""
        self._rounds.hear()
