"""Asking an incident something, and telling it something, with every failure in words."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from commands.failures import CommandFailed, NoWorker, OutcomeUnknown, UnknownIncident
from domain.errors import DecisionRefused, DomainError
from domain.ids import check_slug, incident_workflow_id
from domain.model import Value
from workflows.contract import IncidentStatus

Result = TypeVar("Result")

ANSWER_WITHIN = timedelta(seconds=10)
"""How long a question may go without an answer before we say that no worker is there."""

DONE_WITHIN = timedelta(minutes=2)
"""How long an incident may take over what it was told; withdrawing waits for the wire."""


async def ask(client: Client, workflow_id: str, query: str, result: type[Result]) -> Result:
    """The answer to a query. Raises ``NoWorker``; ``LookupError`` if there is no such workflow."""
    handle = client.get_workflow_handle(workflow_id)
    try:
        answer: Result = await handle.query(query, result_type=result, rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise LookupError(workflow_id) from error
        # "Failed precondition" is the server's word for: no worker has asked for work lately.
        if error.status in _NOBODY_ANSWERS:
            raise NoWorker from error
        raise
    except WorkflowQueryFailedError as error:
        raise CommandFailed(
            "The worker could not answer: it and this incident do not fit together.",
            "See the worker's log; was it changed while the incident was open?",
        ) from error
    return answer


async def incident_status(client: Client, slug: str) -> IncidentStatus:
    """Where the response stands. Raises ``UnknownIncident`` and ``NoWorker``."""
    try:
        return await ask(client, incident_workflow_id(check_slug(slug)), "status", IncidentStatus)
    except LookupError as error:
        raise UnknownIncident(slug) from error


async def tell(
    client: Client, slug: str, update: str, argument: Value, result: type[Result]
) -> Result:
    """Have an incident do something and return what came of it.

    Asks for its status first, so that a missing worker is noticed while nothing has been sent.
    Raises ``DomainError`` if a rule said no, ``UnknownIncident``, ``NoWorker``, and
    ``OutcomeUnknown`` if the answer was lost.
    """
    await incident_status(client, slug)
    handle = client.get_workflow_handle(incident_workflow_id(slug))
    with refusals_in_words(slug, update):
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            answer: Result = await handle.execute_update(
                update, argument, id=f"cli/{uuid.uuid4()}", result_type=result
            )
    return answer


@contextmanager
def refusals_in_words(slug: str, asked: str) -> Iterator[None]:
    """Turn what an update can fail with into words for a person."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        raise _refusal(error) from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise OutcomeUnknown(slug, asked) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise DomainError("The incident is closed.", "Open a new one.") from error
        if error.status in _NOBODY_ANSWERS:
            raise OutcomeUnknown(slug, asked) from error
        raise


_NOBODY_ANSWERS = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.UNAVAILABLE,
)


def _refusal(error: WorkflowUpdateFailedError) -> Exception:
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return CommandFailed(
            "The incident could not do that, for a reason that the worker's log has.",
            "Look there, then try again.",
        )
    next_step = str(cause.details[0]) if cause.details else ""
    kind = DecisionRefused if cause.type == DecisionRefused.__name__ else DomainError
    return kind(cause.message, next_step)
