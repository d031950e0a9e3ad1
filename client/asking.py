"""Queries and updates to an incident, with every failure explained."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from client.engine import Engine
from client.errors import (
    ClientError,
    EndedUnclosed,
    Forgotten,
    NoAnswer,
    NoLedger,
    NoWorker,
    ServerRefused,
    UnknownIncident,
)
from client.foreign_errors import lacks_namespace
from domain.errors import DecisionRefused, DomainError
from domain.ids import check_slug, incident_workflow_id
from domain.model import Value
from domain.status import IncidentStatus
from store.kernel.errors import StoreUnavailable
from store.record import incidents
from wiring import EARLY_EVENTS, OF_ENDED
from workflows.calls import told_by

Result = TypeVar("Result")

ANSWER_WITHIN = timedelta(seconds=10)
"""How long a query may go unanswered before we report that there is no worker."""

QUERIES, QUERY_AGAIN = 8, timedelta(milliseconds=500)
"""How often a query is put that a worker fails at, and the pause between two tries."""

SERVER_WITHIN = timedelta(seconds=3)
"""How long the server may take to say that it is well."""

DONE_WITHIN = timedelta(minutes=2)
"""How long an incident may take over an update: those that wait for the ledger give up before."""


CLOCKS_APART = timedelta(minutes=1)
"""How far the clocks of Temporal and of this machine may differ."""


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
        answer = await queried(handle, query, result, unless)
    except WorkflowQueryRejectedError as error:
        raise EndedUnclosed(slug, _word(error.status)) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and not lacks_namespace(error):
            raise await _not_there(engine, slug) from error
        # "Failed precondition" is the server's way to say that no worker has asked for work lately.
        if error.status in _NOBODY_ANSWERS and await _temporal_answers(engine):
            raise NoWorker from error
        raise
    except WorkflowQueryFailedError as error:
        if str(error) == EARLY_EVENTS:
            raise ClientError(
                "A worker is just taking this incident over.",
                "Ask again in a few seconds.",
                means="Nothing was done, and nothing is lost.",
            ) from error
        raise ClientError(
            "The worker could not answer: its version does not match this incident.",
            "See the worker's log; was it changed while the incident was open?",
        ) from error
    return answer


async def queried(
    handle: WorkflowHandle[Any, Any],
    query: str,
    result: type[Result],
    unless: QueryRejectCondition = QueryRejectCondition.NONE,
) -> Result:
    """The answer to a query, which is put again if the worker failed at it.

    A worker that is just taking an incident over may have been given too much, and then fails it
    (``wiring.GuardedInstance``). Of one that has ended, that is all there will ever be.
    """
    name = query
    for again in range(QUERIES):
        if again:
            await asyncio.sleep(QUERY_AGAIN.total_seconds())
        try:
            answer: Result = await handle.query(
                name, result_type=result, reject_condition=unless, rpc_timeout=ANSWER_WITHIN
            )
        except WorkflowQueryFailedError as error:
            if again == QUERIES - 1:
                raise
            if str(error) == EARLY_EVENTS and await _has_ended(handle):
                name = query + OF_ENDED
        else:
            return answer
    raise AssertionError("the last try returns or raises")


async def _has_ended(handle: WorkflowHandle[Any, Any]) -> bool:
    found = await handle.describe(rpc_timeout=SERVER_WITHIN)
    return found.status is not WorkflowExecutionStatus.RUNNING


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
    ``ServerRefused`` if the server did not take it, and ``NoAnswer`` if the answer was lost. A
    repeat of the engine's request gets the answer of the first.
    """
    await ask(engine, slug, "status", IncidentStatus, running=True)
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(slug))
    await refuse_forgotten(engine, slug, update, handle)
    async with refusals_in_words(engine, slug, update):
        async with asyncio.timeout(DONE_WITHIN.total_seconds()):
            with server_refusals_in_words(slug, update):
                asked: WorkflowUpdateHandle[Result] = await handle.start_update(
                    update,
                    argument,
                    id=update_id(engine, update),
                    result_type=result,
                    wait_for_stage=WorkflowUpdateStage.COMPLETED,
                )
            # From here on the incident has it, and a server that refuses to say what became of it
            # has refused only that.
            return await asked.result()


def update_id(engine: Engine, update: str) -> str:
    """The id of one update: Temporal answers the same one again, and carries it out once."""
    if engine.request is None:
        return f"client/{uuid.uuid4()}"
    return f"request/{engine.request.id}/{update}"


async def refuse_forgotten(
    engine: Engine, slug: str, update: str, handle: WorkflowHandle[Any, Any]
) -> None:
    """Raise ``NoAnswer`` if an earlier try of this request may have counted and is forgotten.

    Temporal knows the updates of one run. An incident that has gone on in another one since would
    carry the same update out again.
    """
    tried_at = engine.tried_at
    if tried_at is None:
        return
    found = await handle.describe(rpc_timeout=SERVER_WITHIN)
    execution = found.raw_description.workflow_execution_info
    another = execution.first_run_id not in ("", found.run_id)
    if another and found.start_time > tried_at - CLOCKS_APART:
        raise NoAnswer(slug, update)


@contextmanager
def server_refusals_in_words(slug: str, asked: str) -> Iterator[None]:
    """Turn the server's refusal to take a request into ``ServerRefused``: it cannot have counted.

    The server has ceilings for the size of a request, for those that wait for an answer, and for
    those of one run.
    """
    try:
        yield
    except RPCError as error:
        limited = error.status is RPCStatusCode.FAILED_PRECONDITION and "limit" in error.message
        if limited or error.status in _NOT_TAKEN:
            raise ServerRefused(slug, asked, error.message.partition(". ")[0] + ".") from error
        raise


@asynccontextmanager
async def refusals_in_words(engine: Engine, slug: str, asked: str) -> AsyncIterator[None]:
    """Turn the failures of an update or a signal into explanations."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type == _ENDED_MEANWHILE:
            # The server's own word for it: the incident had it, and was ended before it answered.
            raise NoAnswer(slug, asked) from error
        raise _refusal(error) from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise NoAnswer(slug, asked) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and not lacks_namespace(error):
            raise await _gone(engine, slug, asked) from error
        if error.status in (
            *_NOBODY_ANSWERS,
            RPCStatusCode.UNAVAILABLE,
            RPCStatusCode.RESOURCE_EXHAUSTED,
        ):
            raise NoAnswer(slug, asked) from error
        raise


_ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"

_NOT_TAKEN = (RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.INVALID_ARGUMENT)

_NOBODY_ANSWERS = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
)


async def _gone(engine: Engine, slug: str, asked: str) -> Exception:
    """Why Temporal has no run that takes what was asked: few of these are a closed incident."""
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(slug))
    try:
        found = await handle.describe(rpc_timeout=SERVER_WITHIN)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return await _not_there(engine, slug)
        return NoAnswer(slug, asked)
    if found.status is WorkflowExecutionStatus.COMPLETED:
        return DomainError("The incident is closed.", "Open a new one.")
    if found.status in (None, WorkflowExecutionStatus.RUNNING):
        # It has been brought back meanwhile, with or without what was asked.
        return NoAnswer(slug, asked)
    return EndedUnclosed(slug, _word(found.status))


def _word(status: WorkflowExecutionStatus | None) -> str:
    return status.name.lower().replace("_", " ") if status else "ended"


async def _not_there(engine: Engine, slug: str) -> UnknownIncident:
    """What to say of an incident that Temporal does not have: the ledger may know it."""
    try:
        row = await incidents.find(await engine.ledger(), slug)
    except (NoLedger, StoreUnavailable):
        row = None
    if row is None:
        return UnknownIncident(slug)
    return Forgotten(slug, incidents.name_used(row), closed=row.closed_at is not None)


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
