"""Calling an activity by its signature, under a named policy."""

from __future__ import annotations

from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

from activities.signatures import Argument, Signature
from domain.ids import MAIN_QUEUE
from workflows.policies import ORDINARY, ActivityPolicy

Result = TypeVar("Result")


async def call(
    signature: Signature[Argument, Result],
    argument: Argument,
    policy: ActivityPolicy,
    *,
    queue: str = MAIN_QUEUE,
    priority: Priority = ORDINARY,
    summary: str | None = None,
) -> Result:
    """Run the activity on ``queue`` and return its result; raises ``ActivityError``."""
    result: Result = await workflow.execute_activity(
        signature.name,
        argument,
        result_type=signature.result,
        task_queue=queue,
        start_to_close_timeout=policy.start_to_close,
        heartbeat_timeout=policy.heartbeat,
        retry_policy=policy.retry,
        priority=priority,
        summary=summary,
    )
    return result


def timed_out(error: ActivityError) -> bool:
    """Whether an activity ended without anybody knowing what it did."""
    return isinstance(error.cause, TimeoutError)


def words_of(error: ActivityError) -> tuple[str, str]:
    """What happened and what to do next, as the activity put it."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        next_step = str(cause.details[0]) if cause.details else ""
        return cause.message, next_step
    if isinstance(cause, TimeoutError):
        return "It was not finished in time.", "See that a worker for this task queue is running."
    return "It failed for a reason that the worker's log has.", "Look there, then try again."
