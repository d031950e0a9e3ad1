"""Incidents of which the ledger has forgotten something: noticing them, and locking them."""

from __future__ import annotations

from temporalio.service import RPCError

from client.asking import live_status
from client.engine import Engine
from client.errors import ClientError
from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import MessageRef, incident_of
from domain.status import IncidentStatus
from store.recovery import locks
from store.recovery.locks import lock_of
from store.recovery.standing import Begun, what_lacks
from workflows.contract.names import INCIDENT_WORKFLOW

_OPEN = f'WorkflowType = "{INCIDENT_WORKFLOW}" AND ExecutionStatus = "Running"'


async def why_locked(engine: Engine, status: IncidentStatus) -> Explanation | None:
    """Why nothing goes out for an incident: it is locked, or the ledger has less than it knows."""
    if status.locked is not None:
        return status.locked
    ledger, slug = await engine.ledger(), status.incident
    held = await lock_of(ledger, slug)
    if held is not None:
        return held.why
    begun = [
        Begun(
            MessageRef(incident=slug, number=message.number, revision=message.revision),
            outcome.destination,
            outcome.begun,
        )
        for message in status.messages
        for outcome in message.outcomes
        if outcome.begun is not None
    ]
    # All of it in one transaction: every page and every look of a terminal asks this.
    return await what_lacks(ledger, slug, status.ledger, attempts=begun)


async def running_incidents(engine: Engine) -> list[str]:
    """The incidents that Temporal has as open, whatever the ledger says."""
    client = await engine.temporal()
    return sorted([incident_of(one.id) async for one in client.list_workflows(_OPEN)])


async def lock_those_behind(engine: Engine) -> list[str]:
    """Lock every open incident that knows more than the ledger.

    Returns those that did not answer, which are not compared. Raises ``TemporalUnreachable`` and
    ``RPCError``.
    """
    ledger = await engine.ledger()
    silent = []
    for slug in await running_incidents(engine):
        try:
            why = await why_locked(engine, await live_status(engine, slug))
        except (ClientError, DomainError, RPCError):
            # It compares by itself before anything of its own goes out.
            silent.append(slug)
            continue
        if why is not None:
            await locks.lock(ledger, slug, why)
    return silent
