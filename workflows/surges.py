"""Watching for surges: one short workflow a minute, started by a Temporal Schedule."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.surges import WATCH_SURGES, WatchSurges
    from workflows.calls import call
    from workflows.contract.names import SURGE_WORKFLOW
    from workflows.policies import ASKED, BACKGROUND


@workflow.defn(name=SURGE_WORKFLOW)
class SurgeWorkflow:
    """Counts once. If the ledger does not answer, the next one counts again."""

    @workflow.run
    async def run(self, order: WatchSurges) -> None:
        """Have it counted."""
        await call(WATCH_SURGES, order, ASKED, priority=BACKGROUND)
