"""Starting incidents that Temporal has lost again, from the ledger's snapshot of their state."""

from __future__ import annotations

from datetime import UTC, datetime

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
from domain.explanation import Action, Explanation, NextStep
from domain.ids import MAIN_QUEUE, MessageRef, check_slug, incident_workflow_id
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.message_state import MessagePhase, MessageState
from domain.plural import plural
from domain.publication import Destination, Outcome, PublicationState
from domain.status import IncidentStatus
from store.broadcasts import broadcasts
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.record import incidents, publication_rows, timeline
from store.recovery import snapshots
from store.recovery.generations import generation
from workflows.contract import INCIDENT_WORKFLOW, Join, OpenIncident

KEPT = 2_000
"""The newest entries of the timeline that a recovered incident carries; the ledger has all."""

_CALLED_OFF = (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)


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
    last = max((one.seq for one in entries), default=0)
    known = KnownLedger(generation=await generation(ledger), entries=last, lost=last - len(entries))
    for message in state.messages:
        await _as_entered(ledger, state, message)
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
                timeline=tuple(entries[-KEPT:]),
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


async def _as_entered(ledger: Database, state: IncidentState, message: MessageState) -> None:
    """Take the outcomes that the ledger has, which are newer than the snapshot."""
    ref = state.ref(message)
    for place in message.destinations:
        before = message.outcomes.get(place.key)
        if before is None:
            continue
        if place.audience is None:
            row = await publication_rows.find(ledger, ref, place.channel)
            if row is not None and row.state.settled and row.digest == message.digest:
                message.enter(
                    Outcome.at(
                        place,
                        row.state,
                        row.explanation,
                        receipt=row.receipt,
                        attempts=row.attempt,
                        uncertain=row.uncertain and row.receipt is None,
                    )
                )
        elif message.phase in _CALLED_OFF and not before.state.settled:
            message.enter(await _stopped(ledger, ref, place))


async def _stopped(ledger: Database, ref: MessageRef, place: Destination) -> Outcome:
    """Call off what is left of a broadcast that was being withdrawn when Temporal was lost."""
    state = PublicationState.WITHDRAWN
    plan = await broadcasts.find_broadcast(ledger, ref, place.channel, place.audience or "")
    if plan is None:
        return Outcome.at(place, state, Explanation(what="It was stopped in time."))
    await broadcasts.stop(ledger, plan.id, datetime.now(UTC))
    reached = await read_progress(ledger, plan.id)
    people = plural(reached.recipients - reached.suppressed, "recipient")
    unsure = reached.sending + reached.unknown
    note = f" Of {unsure:,} nobody knows." if unsure else ""
    what = f"Stopped with {reached.went_out:,} of {people} accepted.{note}"
    return Outcome.at(place, state, Explanation(what=what, means="Mail cannot be recalled."))


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
