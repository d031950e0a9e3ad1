"""Opening, advancing and closing incidents, and the list of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from temporalio.client import WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from client.asking import (
    incident_status,
    live_status,
    refusals_in_words,
    server_refusals_in_words,
    tell,
    update_id,
)
from client.coverage import coverage_of
from client.engine import Engine
from client.errors import (
    ClientError,
    EndedUnclosed,
    Forgotten,
    OtherLedger,
    UnknownIncident,
)
from client.foreign_errors import lacks_namespace
from client.opening import notices_of
from client.playbooks import examine_files
from client.same_ledger import refuse_other_ledger
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import MAIN_QUEUE, check_slug, incident_workflow_id, refuse_reserved
from domain.limits import REASON_LIMIT, TITLE_LIMIT, refuse_long, refuse_many
from domain.model import Value
from domain.public_text import check_title, refuse_unfit
from domain.severity import Severity
from domain.stage import Stage
from domain.status import IncidentStatus
from store.kernel.database import Database
from store.people import audiences as stored_audiences
from store.record import incidents, playbooks, timeline
from wiring import TemporalUnreachable
from workflows.contract.lifecycle import Advance, Close, Join, OpenIncident, SetAudiences
from workflows.contract.names import INCIDENT_WORKFLOW

OPENED_WITHIN = timedelta(seconds=20)
"""How long opening may take; the SDK itself repeats for some seconds what the server refuses."""

MOST_ASKED = 50
"""The most open incidents that are asked for their stage when all are listed."""


class Opened(Value):
    """An incident that was opened, or that was open already and has been joined.

    ``ledger`` is where its record is kept. ``notices`` say what cannot be done in it yet.
    """

    status: IncidentStatus
    joined: bool
    ledger: str = ""
    notices: tuple[Explanation, ...] = ()


class ListedIncident(Value):
    """One incident of the list.

    ``stage`` is None if it is open and did not answer. ``ended`` is Temporal's word for how it
    ended, if somebody ended it there without closing it.
    """

    slug: str
    title: str
    playbook: str
    audiences: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
    stage: Stage | None = None
    ended: str = ""

    @property
    def open(self) -> bool:
        """Whether it can still be acted on."""
        return self.closed_at is None and not self.ended


async def open_incident(
    engine: Engine,
    *,
    slug: str,
    title: str,
    files: Mapping[str, str],
    actor: Actor,
    audiences: Sequence[str] = (),
    severity: Severity | None = None,
    watched: bool = True,
) -> Opened:
    """Open an incident with a snapshot of the playbook in ``files``, or join the open one.

    Two people who open the same slug at once end up in one incident, and one that is open already
    keeps its own plan. A name is used once: the ledger remembers it when Temporal does not any
    more. Without ``severity`` it has that of the playbook. What is not ``watched`` has none: nobody
    is reminded of anything there. Messages of the plan that cannot go out are named in the notices;
    ``PlaybookInvalid`` if the announcement is among them. ``DomainError`` if the name has been
    used, if ``actor`` is not in the roster, or if there is no such audience; ``NoLedger`` and
    ``OtherLedger`` if the ledger here is not its own.
    """
    workflow_id, title = incident_workflow_id(check_slug(slug)), check_title(title)
    refuse_long("The title", title, TITLE_LIMIT)
    refuse_many("audiences", audiences)
    if await _is_open(engine, slug):
        return await _join(engine, slug, actor)
    examined = await asyncio.to_thread(examine_files, engine.settings, files)
    plan = examined.usable_plan()
    if actor.person not in {person.id for person in plan.roster}:
        raise DomainError(
            f"{actor.person[:40]!r} is not in the roster of {plan.name}.",
            f"It has {', '.join(sorted(person.id for person in plan.roster))}.",
        )
    ledger = await engine.ledger()
    await _refuse_used(ledger, slug)
    for name in audiences:
        refuse_reserved(name)
        await stored_audiences.get(ledger, name)
    templates = await playbooks.save_snapshot(ledger, plan.name, files)
    start: WithStartWorkflowOperation[object, IncidentStatus] = WithStartWorkflowOperation(
        INCIDENT_WORKFLOW,
        OpenIncident(
            incident=slug,
            title=title,
            opened_by=actor,
            plan=plan.without_words(),
            templates=templates,
            audiences=tuple(audiences),
            severity=(severity or plan.severity) if watched else None,
        ),
        id=workflow_id,
        task_queue=MAIN_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    temporal = await engine.temporal()
    async with refusals_in_words(engine, slug, "open"):
        with server_refusals_in_words(slug, "open"):
            try:
                async with asyncio.timeout(OPENED_WITHIN.total_seconds()):
                    status: IncidentStatus = await temporal.execute_update_with_start_workflow(
                        "join",
                        Join(actor=actor),
                        start_workflow_operation=start,
                        id=update_id(engine, "join"),
                        result_type=IncidentStatus,
                    )
            except WorkflowAlreadyStartedError as error:
                raise await _used(engine, slug) from error
    notices = notices_of(examined, status)
    try:
        await refuse_other_ledger(engine, slug)
    except OtherLedger as error:
        notices = [error.explanation, *notices]
    return Opened(status=status, joined=False, ledger=engine.where(), notices=tuple(notices))


async def _join(engine: Engine, slug: str, actor: Actor) -> Opened:
    """Join an incident that is open, with the plan that it has, whatever became of the files."""
    await refuse_other_ledger(engine, slug)
    status = await incident_status(engine, slug)
    if status.stage is Stage.CLOSED:
        # Its workflow still runs for a moment, until the closing is recorded.
        raise _used_up(slug, f"The incident {slug} has been closed")
    if actor.person not in (status.opened_by.person, *status.joined):
        status = await tell(engine, slug, "join", Join(actor=actor), IncidentStatus)
    return Opened(status=status, joined=True, ledger=engine.where())


async def set_audiences(
    engine: Engine, slug: str, audiences: Sequence[str], *, actor: Actor
) -> IncidentStatus:
    """Choose who gets an incident's mail, as long as nothing has begun to go out.

    ``DomainError`` if there is no such audience.
    """
    await incident_status(engine, slug)
    await refuse_other_ledger(engine, slug)
    ledger = await engine.ledger()
    for name in audiences:
        refuse_reserved(name)
        await stored_audiences.get(ledger, name)
    chosen = SetAudiences(audiences=tuple(audiences), actor=actor)
    return await tell(engine, slug, "set_audiences", chosen, IncidentStatus)


async def list_incidents(engine: Engine) -> list[ListedIncident]:
    """Every incident, the newest first, from the ledger: available when Temporal is down, too."""
    listed = await recorded_incidents(engine)
    asked = [one for one in listed if one.closed_at is None][:MOST_ASKED]
    answers: dict[str, ListedIncident] = {}
    if asked:
        try:
            await engine.temporal()
        except TemporalUnreachable:
            pass
        else:
            found = await asyncio.gather(*(_asked(engine, one) for one in asked))
            answers = {one.slug: one for one in found}
    return [
        one.model_copy(update={"stage": Stage.CLOSED})
        if one.closed_at is not None
        else answers.get(one.slug, one)
        for one in listed
    ]


async def recorded_incidents(engine: Engine) -> list[ListedIncident]:
    """Every incident, the newest first, as the ledger has them; nobody is asked for a stage."""
    rows = await incidents.list_incidents(await engine.ledger())
    return [ListedIncident.model_validate(row.model_dump()) for row in rows]


async def refuse_unknown(engine: Engine, slug: str) -> None:
    """Raise ``UnknownIncident`` unless the ledger has an incident of that name."""
    ledger = await engine.ledger()
    if slug in {row.slug for row in await incidents.list_incidents(ledger)}:
        return
    # The list is written by the incident itself, a moment after its first entry.
    if not await timeline.read(ledger, slug):
        raise UnknownIncident(slug)


async def advance(engine: Engine, slug: str, to: Stage, *, actor: Actor) -> IncidentStatus:
    """Move to another stage."""
    return await tell(engine, slug, "advance", Advance(to=to, actor=actor), IncidentStatus)


async def close(engine: Engine, slug: str, *, actor: Actor, waive: str = "") -> IncidentStatus:
    """Close the incident; ``waive`` is the written reason for closing with something open.

    ``DomainError`` if a mention of it is open, too: nobody is left without an answer by oversight.
    """
    refuse_unfit(waive, "The waiver", REASON_LIMIT)
    # Whoever has no server is told that first.
    await engine.temporal()
    (await coverage_of(engine, slug)).refuse_close(slug, waive)
    return await tell(engine, slug, "close", Close(actor=actor, waive=waive), IncidentStatus)


async def _asked(engine: Engine, one: ListedIncident) -> ListedIncident:
    try:
        status = await live_status(engine, one.slug)
    except EndedUnclosed as ended:
        return one.model_copy(update={"ended": ended.how})
    except Forgotten:
        return one.model_copy(update={"ended": "gone from Temporal"})
    except (ClientError, DomainError, RPCError):
        # One that does not answer must not hide the others.
        return one
    return one.model_copy(update={"stage": status.stage})


async def _is_open(engine: Engine, slug: str) -> bool:
    """Whether the incident is open; ``DomainError`` if it has been closed."""
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(slug))
    try:
        found = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and not lacks_namespace(error):
            return False
        raise
    if found.status is not WorkflowExecutionStatus.RUNNING:
        raise await _used(engine, slug)
    return True


async def _refuse_used(ledger: Database, slug: str) -> None:
    """Raise ``DomainError`` if the ledger knows the name; Temporal may have forgotten it."""
    row = await incidents.find(ledger, slug)
    if row is not None:
        raise incidents.name_used(row)
    if await timeline.read(ledger, slug):
        raise _used_up(slug, f"There has been an incident {slug}")


async def _used(engine: Engine, slug: str) -> DomainError:
    """The refusal to use a name again whose incident has ended in Temporal."""
    row = await incidents.find(await engine.ledger(), slug)
    if row is None:
        return _used_up(slug, f"There has been an incident {slug}")
    return incidents.name_used(row)


def _used_up(slug: str, what: str) -> DomainError:
    return DomainError(
        f"{what}, and its name is not used again.",
        NextStep(
            action=Action.SHOW_TIMELINE,
            incident=slug,
            advice=f"Open a new one under another name, such as {slug[:46]}-2. "
            "The record of this one is kept.",
        ),
    )
