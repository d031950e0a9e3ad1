"""A workflow that is none of ours, and orders one of our activities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError


@workflow.defn(name="ForeignWorkflow")
class ForeignWorkflow:
    """Calls one activity, and returns what it was told."""

    @workflow.run
    async def run(self, activity: str, queue: str, argument: dict[str, Any]) -> str:
        """Order ``activity`` on ``queue``."""
        try:
            result = await workflow.execute_activity(
                activity,
                argument,
                task_queue=queue,
                start_to_close_timeout=timedelta(seconds=15),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError as error:
            return str(error.cause)
        return str(result)
