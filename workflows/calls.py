"""Calling an activity by its signature, under a named policy."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple, TypeVar

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, TimeoutType

from activities.signatures.signature import Argument, Signature
from domain.errors import DomainError, NotNow
from domain.explanation import Action, Explanation, NextStep, explained
from domain.ids import MAIN_QUEUE
from domain.ledger import says_behind
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
    start_within: timedelta | None = None,
) -> Result:
    """Run the activity on ``queue`` and return its result; raises ``ActivityError``.

    ``start_within`` overrides the policy's own: an activity that no worker fetches in that time has
    failed, and ``never_started`` says so. Cancelling the call returns how the activity ended: one
    that waits for its turn ends at once and is not tried again, one that runs is waited for.
    """
    result: Result = await workflow.execute_activity(
        signature.name,
        argument,
        result_type=signature.result,
        task_queue=queue,
        start_to_close_timeout=policy.start_to_close,
        schedule_to_close_timeout=policy.done_within,
        schedule_to_start_timeout=start_within or policy.start_within,
        heartbeat_timeout=policy.heartbeat,
        retry_policy=policy.retry,
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        priority=priority,
        summary=summary,
    )
    return result


def never_started(error: ActivityError) -> bool:
    """Whether no worker fetched the activity in time, so that it has done nothing."""
    cause = error.cause
    return isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START


def timed_out(error: ActivityError) -> bool:
    """Whether an activity ended without anybody knowing what it did."""
    return isinstance(error.cause, TimeoutError) and not never_started(error)


def is_behind(error: ActivityError) -> bool:
    """Whether the ledger has less than is known of it, so that nothing may go out."""
    return says_behind(explanation_of(error))


class Failure(NamedTuple):
    """Why something was not done; ``passes`` if the same may succeed later."""

    why: str
    passes: bool


def failure_of(error: DomainError | ActivityError) -> Failure:
    """What a failure means for whoever may try again.

    A rule's refusal stays. A ledger or a worker that is away comes back, and one that is behind
    its incident will be compared.
    """
    if isinstance(error, DomainError):
        return Failure(error.what, isinstance(error, NotNow))
    cause = error.cause
    stays = isinstance(cause, ApplicationError) and cause.non_retryable
    return Failure(explanation_of(error).what, not stays or is_behind(error))


def explanation_of(error: ActivityError) -> Explanation:
    """What happened and what to do next, in the activity's words."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return told_by(cause)
    if never_started(error):
        return explained(
            "No worker took it in time.",
            NextStep(
                action=Action.CHECK, advice="Check that a worker for this channel is running."
            ),
        )
    if isinstance(cause, TimeoutError):
        return explained(
            "It was not finished in time.",
            NextStep(
                action=Action.CHECK, advice="Check that a worker for this task queue is running."
            ),
        )
    return explained(
        "It failed for a reason that the worker's log has.", "Look there, then try again."
    )


def told_by(error: ApplicationError) -> Explanation:
    """The explanation that a failure of ours carries."""
    try:
        return Explanation.model_validate(error.details[0])
    except (IndexError, ValidationError):
        return Explanation(what=error.message)
