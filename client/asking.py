"""Queries and updates to an incident, with every failure explained."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from client.engine import Engine
from client.errors import ClientError, EndedUnclosed, NoAnswer, NoWorker, UnknownIncident
from client.foreign_errors import lacks_namespace
from domain.errors import DecisionRefused, DomainError
from domain.ids import check_slug, incident_workflow_id
from domain.model import Value
from domain.status import IncidentStatus
from workflows.calls import told_by

Result = TypeVar("Result")

ANSWER_WITHIN = timedelta(seconds=10)
"""How long a query may go unanswered before we report that there is no worker."""

SERVER_WITHIN = timedelta(seconds=3)
"""How long the server may take to say that it is well."""

DONE_WITHIN = timedelta(minutes=2)
"""How long an incident may take over an update; withdrawing waits for what is on the wire."""


async def ask(
    engine: Engine, slug: str, query: str, result: type[Result], *, running: bool = False
) -> Result:
    """What an incident answers, ended ones included. Raises ``UnknownIncident`` and ``NoWorker``.

    ``RPCError`` if Temporal itself does not answer. With ``running``, ``EndedUnclosed`` if its
    workflow is over and the incident was not closed.
    """
    workflow_id = incident_workflow_id(check_slug(slug))
    handle = (await engine.temporal()).get_workflow_handle(workflow_id)
    unless = QueryRejectCondition.NOT_COMPLETED_CLEANLY if running else QueryRejectCondition.NONE
    try:
        answer: Result = await handle.query(
            query, result_type=result, reject_condition=unless, rpc_timeout=ANSWER_WITHIN
        )
    except WorkflowQueryRejectedError as error:
        how = error.status.name.lower().replace("_", " ") if error.status else "ended"
        raise EndedUnclosed(slug, how) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and not lacks_namespace(error):
            raise UnknownIncident(slug) from error
        # "Failed precondition" is the server's way to say that no worker has asked for work lately.
        if error.status in _NOBODY_ANSWERS and await _temporal_answers(engine):
            raise NoWorker from error
        raise
    except WorkflowQueryFailedError as error:
        raise ClientError(
            "The worker could not answer: its version does not match this incident.",
            "See the worker's log; was it changed while the incident was open?",
        ) from error
    return answer


async def incident_status(engine: Engine, slug: str) -> IncidentStatus:
    """The status of an incident, open or ended. Raises ``UnknownIncident`` and ``NoWorker``."""
    return await ask(engine, slug, "status", IncidentStatus)


async def live_status(engine: Engine, slug: str) -> IncidentStatus:
    """``incident_status``, but ``EndedUnclosed`` if the workflow is over and was not closed."""
    return await ask(engine, slug, "status", IncidentStatus, running=True)


async def tell(
    engine: Engine, slug: str, update: str, argument: Value, result: type[Result]
) -> Result:
    """Have an incident do something and return the result.

    Asks for its status first, so that a missing worker is noticed while nothing has been sent.
    Raises ``DomainError`` if a rule said no, ``UnknownIncident``, ``EndedUnclosed``, ``NoWorker``,
    and ``NoAnswer`` if the answer was lost.
    """
    await ask(engine, slug, "status", IncidentStatus, running=True)
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(slug))
    with refusals_in_words(slug, update):
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            answer: Result = await handle.execute_update(
                update, argument, id=f"client/{uuid.uuid4()}", result_type=result
            )
    return answer


@contextmanager
def refusals_in_words(slug: str, asked: str) -> Iterator[None]:
    """Turn the failures of an update into explanations."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        raise _refusal(error) from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise NoAnswer(slug, asked) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and not lacks_namespace(error):
            raise DomainError("The incident is closed.", "Open a new one.") from error
        if error.status in (*_NOBODY_ANSWERS, RPCStatusCode.UNAVAILABLE):
            raise NoAnswer(slug, asked) from error
        raise


_NOBODY_ANSWERS = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
)


async def _temporal_answers(engine: Engine) -> bool:
    """Whether the server itself answers: a server that hangs looks like a missing worker."""
    try:
        return await (await engine.temporal()).service_client.check_health(timeout=SERVER_WITHIN)
    except RPCError:
        return False


def _refusal(error: WorkflowUpdateFailedError) -> Exception:
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return ClientError(
            "The incident could not do that; the reason is in the worker's log.",
            "Look there, then try again.",
        )
    kind = DecisionRefused if cause.type == DecisionRefused.__name__ else DomainError
    return kind.of(told_by(cause))
