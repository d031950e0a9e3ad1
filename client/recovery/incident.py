"""Starting incidents that Temporal has lost again, from the ledger's snapshot of their state."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import from_json
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from client.asking import tell
from client.engine import Engine
from client.errors import UnknownIncident
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.ids import MAIN_QUEUE, check_slug, incident_workflow_id
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.status import IncidentStatus
from store.kernel.database import Database
from store.record import incidents, timeline
from store.recovery import snapshots
from store.recovery.generations import generation
from workflows.contract.lifecycle import Join, OpenIncident
from workflows.contract.names import INCIDENT_WORKFLOW

KEPT = 200
"""The newest entries of the timeline that a recovered incident carries; the ledger has all."""


async def lost_incidents(engine: Engine) -> list[str]:
    """The incidents that are open in the ledger and that Temporal does not run."""
    rows = await incidents.list_incidents(await engine.ledger())
    return sorted(
        [row.slug for row in rows if row.closed_at is None and not await _runs(engine, row.slug)]
    )


async def recover_incident(engine: Engine, slug: str, *, actor: Actor) -> IncidentStatus:
    """Start an open incident again, from its snapshot; nothing that was out goes out again.

    What was on its way is looked for; what was approved and not yet sent goes on, each batch by the
    ledger's own compare-and-set. ``DomainError`` if Temporal runs it, if it was closed, or if the
    ledger has no snapshot of it.
    """
    ledger = await engine.ledger()
    row = {one.slug: one for one in await incidents.list_incidents(ledger)}.get(check_slug(slug))
    if row is None:
        raise UnknownIncident(slug)
    if row.closed_at is not None:
        raise DomainError(
            f"Incident {slug} has been closed.", "There is nothing to start again: read its record."
        )
    if await _runs(engine, slug):
        raise _running(slug)
    state = await _state_of(ledger, slug)
    entries = await timeline.read(ledger, slug)
    newest = [one for one in entries if one.branch == entries[-1].branch][-KEPT:]
    head = await timeline.head(ledger, slug)
    known = KnownLedger(generation=await generation(ledger), record=head)
    try:
        await (await engine.temporal()).start_workflow(
            INCIDENT_WORKFLOW,
            OpenIncident(
                incident=slug,
                title=state.title,
                opened_by=state.opened_by,
                plan=state.plan,
                templates=state.templates,
                audiences=state.audiences,
                carried=state,
                timeline=tuple(newest),
                recorded=newest[-1].seq if newest else 0,
                known=known,
                recovered=True,
            ),
            id=incident_workflow_id(slug),
            task_queue=MAIN_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
    except WorkflowAlreadyStartedError as error:
        raise _running(slug) from error
    return await tell(engine, slug, "join", Join(actor=actor), IncidentStatus)


async def _state_of(ledger: Database, slug: str) -> IncidentState:
    kept = await snapshots.load(ledger, slug)
    if kept is None or not kept.state:
        raise DomainError(
            f"The ledger has no snapshot of {slug}: it was lost before its first entry, or its "
            "state was too large to be kept.",
            "Open it again under another name.",
        )
    try:
        return IncidentState.model_validate({**from_json(kept.state), "plan": from_json(kept.plan)})
    except ValidationError:
        raise DomainError(
            f"The ledger's snapshot of {slug} cannot be read by this version.",
            "Start it again with the version that wrote it.",
        ) from None


async def _runs(engine: Engine, slug: str) -> bool:
    """Whether Temporal runs the incident; ``DomainError`` if it was closed there."""
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(slug))
    try:
        found = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return found.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED)


def _running(slug: str) -> DomainError:
    return DomainError(
        f"Temporal has {slug}, so there is nothing to start again.",
        NextStep(action=Action.SHOW_STATUS, incident=slug),
    )
