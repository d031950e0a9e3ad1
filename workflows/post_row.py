"""What the ledger has of one message on one post channel, and how its workflow writes there."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import (
        PLAN_PUBLICATION,
        PublicationStatus,
        PublicationTask,
    )
    from activities.signatures.settling import SETTLE_PUBLICATION, SettlePublication
    from domain.explanation import Explanation
    from domain.ledger import BegunAttempt
    from domain.publication import PublicationState, Receipt
    from workflows.calls import call
    from workflows.policies import LEDGER


class PostRow:
    """The row of a publication.

    ``task`` names it, with the newest attempt that the ledger is known to have; ``looked`` is
    whether the last attempt was looked for.
    """

    def __init__(self, task: PublicationTask, priority: Priority) -> None:
        self.task = task
        self.looked = False
        self._priority = priority

    async def plan(self) -> PublicationStatus:
        """Enter the intent; returns what the ledger has, if it was there already."""
        return await call(PLAN_PUBLICATION, self.task, LEDGER, priority=self._priority)

    def know(self, status: PublicationStatus) -> None:
        """Remember the last attempt that the ledger has entered, by its own word."""
        if status.started_at is not None:
            known = self.task.known
            begun = BegunAttempt(attempt=status.attempt, at=status.started_at)
            known = known.model_copy(update={"newest": begun})
            self.task = self.task.model_copy(update={"known": known})

    async def conclude(
        self,
        to: PublicationState,
        number: int,
        why: Explanation | None = None,
        *,
        receipt: Receipt | None = None,
    ) -> PublicationStatus:
        """Enter a conclusion in the ledger, and return what the ledger says after it."""
        status = await call(
            SETTLE_PUBLICATION,
            SettlePublication(
                task=self.task,
                to=to,
                attempt=number,
                looked=self.looked,
                explanation=why,
                receipt=receipt,
            ),
            LEDGER,
            priority=self._priority,
        )
        if status.state is not to or why is None:
            return status
        return status.model_copy(update={"explanation": why})
