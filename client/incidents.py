"""Everything a person can do to an incident, as functions: for commands, demo and tests.

Each takes a Temporal client first, checks nothing that the workflow decides, and raises
``DomainError`` (a rule said no), ``UnknownIncident``, ``NoWorker`` or ``OutcomeUnknown``.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from client.asking import ANSWER_WITHIN, incident_status, refusals_in_words, tell
from domain.broadcasting import BroadcastAction
from domain.errors import DomainError
from domain.facts import Facts
from domain.gate import Verdict
from domain.ids import MAIN_QUEUE, MessageRef, check_slug, incident_workflow_id
from domain.message import Document, MessageKind
from domain.model import Value
from domain.playbook_files import parse_playbook
from domain.stage import Stage
from domain.status import Decided, IncidentStatus, MessageStatus
from store.kernel.database import Database
from store.people import audiences
from store.record import drafts, messages, playbooks
from workflows.contract import (
    INCIDENT_WORKFLOW,
    Advance,
    Close,
    Decide,
    Join,
    OpenIncident,
    Propose,
    RecordFacts,
    RetryChannel,
    Revise,
    Settle,
    SteerBroadcast,
    Withdraw,
)


class Opened(Value):
    """An incident that was opened, or that was open already and has been joined."""

    status: IncidentStatus
    joined: bool


async def open_incident(
    client: Client,
    database: Database,
    *,
    slug: str,
    title: str,
    files: Mapping[str, str],
    by: str,
    audience: str | None = None,
) -> Opened:
    """Open an incident with a snapshot of the playbook in ``files``, or join the open one.

    Two people who open the same slug at once come to one incident. ``DomainError`` if it has been
    closed, if ``by`` is not in the roster, or if there is no such audience.
    """
    workflow_id = incident_workflow_id(check_slug(slug))
    plan = parse_playbook(files)
    joined = await _is_open(client, slug)
    if not joined and by not in {person.id for person in plan.roster}:
        raise DomainError(
            f"{by[:40]!r} is not in the roster of {plan.name}.",
            f"It has {', '.join(sorted(person.id for person in plan.roster))}.",
        )
    if audience is not None:
        await audiences.get(database, audience)
    templates = await playbooks.save_snapshot(database, plan.name, files)
    start: WithStartWorkflowOperation[object, IncidentStatus] = WithStartWorkflowOperation(
        INCIDENT_WORKFLOW,
        OpenIncident(
            incident=slug,
            title=title,
            opened_by=by,
            plan=plan,
            templates=templates,
            audience=audience,
        ),
        id=workflow_id,
        task_queue=MAIN_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    with refusals_in_words(slug, "open"):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                status: IncidentStatus = await client.execute_update_with_start_workflow(
                    "join",
                    Join(by=by),
                    start_workflow_operation=start,
                    id=f"join/{by}/{uuid.uuid4()}",
                    result_type=IncidentStatus,
                )
        except WorkflowAlreadyStartedError as error:
            raise _closed(slug) from error
    return Opened(status=status, joined=joined)


async def status(client: Client, slug: str) -> IncidentStatus:
    """Where the response stands."""
    return await incident_status(client, slug)


async def propose(
    client: Client,
    database: Database,
    slug: str,
    kind: MessageKind,
    *,
    by: str,
    copy: Mapping[str, str] | None = None,
    next_update_by: datetime | None = None,
) -> MessageStatus:
    """Propose a message from its template, or with free copy.

    ``copy`` maps ``text``, perhaps ``subject``, and the names of channels that say it differently
    to their words.
    """
    draft = await _keep_copy(client, database, slug, copy, by)
    argument = Propose(kind=kind, by=by, copy_draft=draft, next_update_by=next_update_by)
    return await tell(client, slug, "propose", argument, MessageStatus)


async def revise(
    client: Client,
    database: Database,
    slug: str,
    message: int,
    *,
    by: str,
    copy: Mapping[str, str] | None = None,
    next_update_by: datetime | None = None,
) -> MessageStatus:
    """Make a new revision of a waiting message; what was decided about the old one is void."""
    draft = await _keep_copy(client, database, slug, copy, by)
    argument = Revise(message=message, by=by, copy_draft=draft, next_update_by=next_update_by)
    return await tell(client, slug, "revise", argument, MessageStatus)


async def decide(
    client: Client,
    slug: str,
    *,
    by: str,
    digest: str,
    message: int | None = None,
    verdict: Verdict = Verdict.APPROVE,
    reason: str = "",
    surface: str = "terminal",
) -> Decided:
    """Approve or reject the message with this digest, and learn what is still missing."""
    argument = Decide(
        by=by, digest=digest, message=message, verdict=verdict, reason=reason, surface=surface
    )
    return await tell(client, slug, "decide", argument, Decided)


async def record_facts(
    client: Client, database: Database, slug: str, *, by: str, facts: Mapping[str, object]
) -> IncidentStatus:
    """Add ``facts`` to those known so far; an empty value takes one back.

    ``facts`` are fields of ``domain.facts.Facts``. The words stay in the ledger.
    """
    now = await incident_status(client, slug)
    known = (await drafts.load(database, now.facts)).body if now.facts else {}
    merged = Facts.model_validate({**known, **facts})
    body = merged.model_dump(mode="json", exclude_defaults=True)
    draft = await drafts.save(database, slug, "facts", body, by, datetime.now(UTC))
    argument = RecordFacts(by=by, facts=draft, filled=tuple(merged.filled()))
    return await tell(client, slug, "facts", argument, IncidentStatus)


async def advance(client: Client, slug: str, to: Stage, *, by: str) -> IncidentStatus:
    """Move to another stage."""
    return await tell(client, slug, "advance", Advance(to=to, by=by), IncidentStatus)


async def withdraw(
    client: Client, slug: str, message: int, *, by: str, reason: str = ""
) -> MessageStatus:
    """Stop a message and take back what can be; returns when all of it has settled."""
    argument = Withdraw(message=message, by=by, reason=reason)
    return await tell(client, slug, "withdraw", argument, MessageStatus)


async def steer_broadcast(
    client: Client,
    slug: str,
    message: int,
    action: BroadcastAction,
    *,
    by: str,
    channel: str,
    reason: str = "",
) -> MessageStatus:
    """Pause, resume or stop mail that is going out; effective within one batch."""
    argument = SteerBroadcast(message=message, by=by, action=action, channel=channel, reason=reason)
    return await tell(client, slug, "steer_broadcast", argument, MessageStatus)


async def retry_channel(
    client: Client, slug: str, message: int, channel: str, *, by: str
) -> MessageStatus:
    """Publish an approved message once more where it was refused."""
    argument = RetryChannel(message=message, channel=channel, by=by)
    return await tell(client, slug, "retry_channel", argument, MessageStatus)


async def settle(
    client: Client,
    slug: str,
    message: int,
    channel: str,
    *,
    by: str,
    went_out: bool,
    url: str | None = None,
    batches: Sequence[int] = (),
) -> MessageStatus:
    """Say whether a publication of unknown outcome went out; with ``batches``, only of those."""
    argument = Settle(
        message=message,
        channel=channel,
        by=by,
        went_out=went_out,
        url=url,
        batches=tuple(sorted(set(batches))),
    )
    return await tell(client, slug, "settle", argument, MessageStatus)


async def close(client: Client, slug: str, *, by: str, waive: str = "") -> IncidentStatus:
    """Close the incident; ``waive`` is the written reason for closing with something open."""
    return await tell(client, slug, "close", Close(by=by, waive=waive), IncidentStatus)


def message_of(status: IncidentStatus, number: int) -> MessageStatus:
    """Message ``number`` of an incident; ``DomainError`` if there is none."""
    for message in status.messages:
        if message.number == number:
            return message
    raise DomainError(
        f"There is no message {number} in {status.incident}.",
        f"It has {len(status.messages)} so far; `frontfoot status {status.incident}` lists them.",
    )


async def load_document(database: Database, slug: str, message: MessageStatus) -> Document:
    """The exact copy that approvers of ``message`` sign; ``DomainError`` if it is any other."""
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    document = await messages.load_revision(database, ref)
    if document.digest() != message.digest:
        raise DomainError(
            f"The ledger's copy of message {message.number} is not the one at the gate "
            f"({document.digest()[:8]}, not {message.digest[:8]}).",
            "Do not sign it: check that worker and terminal use the same FRONTFOOT_DATABASE_URL.",
        )
    return document


async def _is_open(client: Client, slug: str) -> bool:
    """Whether the incident is open; ``DomainError`` if it has been closed."""
    try:
        found = await client.get_workflow_handle(incident_workflow_id(slug)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    if found.status is not WorkflowExecutionStatus.RUNNING:
        raise _closed(slug)
    return True


def _closed(slug: str) -> DomainError:
    return DomainError(
        f"Incident {slug} has been closed, and its name is not used again.",
        "Open a new one under another name, such as "
        f"{slug[:46]}-2; `frontfoot timeline {slug}` has the record of this one.",
    )


async def _keep_copy(
    client: Client, database: Database, slug: str, copy: Mapping[str, str] | None, by: str
) -> str | None:
    if copy is None:
        return None
    # Nothing is kept for an incident that is not there.
    await incident_status(client, slug)
    return await drafts.save(database, slug, "copy", dict(copy), by, datetime.now(UTC))
