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


@workflow.defn(name=OUTBOX_WORKFLOW)
class OutboxWorkflow:
    """Sends what is due, waits for what is not, and ends when nothing waits."""

    @workflow.init
    def __init__(self, order: SendOutbox) -> None:
        self._heard = 0

    @workflow.run
    async def run(self, order: SendOutbox) -> None:
        """Go round until nothing waits that could be sent."""
        while True:
            heard = self._heard
            sent = await call(
                SEND_DUE, SendDue(endpoint=order.endpoint), OUTBOX, queue=OUTBOX_QUEUE
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
            await workflow.wait_condition(lambda: self._heard != heard, timeout=seconds)
        except TimeoutError:
            return
