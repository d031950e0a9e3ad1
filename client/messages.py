"""Messages: proposing, revising, reading exactly what is signed, and deciding on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from client.asking import incident_status, tell
from client.engine import Engine
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.gate import Verdict
from domain.ids import MessageRef, check_slug, incident_workflow_id
from domain.message import Document, MessageKind
from domain.status import Decided, IncidentStatus, MessageStatus
from store.record import drafts, messages
from workflows.contract import Decide, Propose, Revise


async def propose(
    engine: Engine,
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
    draft = await _keep_copy(engine, slug, copy, by)
    argument = Propose(kind=kind, by=by, copy_draft=draft, next_update_by=next_update_by)
    return await tell(engine, slug, "propose", argument, MessageStatus)


async def revise(
    engine: Engine,
    slug: str,
    message: int,
    *,
    by: str,
    copy: Mapping[str, str] | None = None,
    next_update_by: datetime | None = None,
) -> MessageStatus:
    """Make a new revision of a waiting message; what was decided about the old one is void."""
    draft = await _keep_copy(engine, slug, copy, by)
    argument = Revise(message=message, by=by, copy_draft=draft, next_update_by=next_update_by)
    return await tell(engine, slug, "revise", argument, MessageStatus)


async def read_message(engine: Engine, slug: str, number: int) -> tuple[MessageStatus, Document]:
    """How message ``number`` stands, and the exact copy that its approvers sign."""
    message = message_of(await incident_status(engine, slug), number)
    return message, await load_document(engine, slug, message)


async def decide(
    engine: Engine,
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
    return await tell(engine, slug, "decide", argument, Decided)


async def approve_by_signal(
    engine: Engine, slug: str, *, by: str, digest: str, message: int | None = None
) -> None:
    """Approve as any client of Temporal may, and wait for no answer."""
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(check_slug(slug)))
    await handle.signal("approve", Decide(by=by, digest=digest, message=message))


def message_of(status: IncidentStatus, number: int) -> MessageStatus:
    """Message ``number`` of an incident; ``DomainError`` if there is none."""
    for message in status.messages:
        if message.number == number:
            return message
    raise DomainError(
        f"There is no message {number} in {status.incident}.",
        NextStep(
            action=Action.SHOW_STATUS,
            incident=status.incident,
            advice=f"It has {len(status.messages)} so far; its status lists them.",
        ),
    )


async def load_document(engine: Engine, slug: str, message: MessageStatus) -> Document:
    """The exact copy that approvers of ``message`` sign; ``DomainError`` if it is any other."""
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    document = await messages.load_revision(await engine.ledger(), ref)
    if document.digest() != message.digest:
        raise DomainError(
            f"The ledger's copy of message {message.number} is not the one at the gate "
            f"({document.digest()[:8]}, not {message.digest[:8]}).",
            "Do not sign it: check that it was written to the ledger you read from; everything "
            "has to use the same FRONTFOOT_DATABASE_URL.",
        )
    return document


async def _keep_copy(
    engine: Engine, slug: str, copy: Mapping[str, str] | None, by: str
) -> str | None:
    if copy is None:
        return None
    # Nothing is kept for an incident that is not there.
    await incident_status(engine, slug)
    return await drafts.save(await engine.ledger(), slug, "copy", dict(copy), by, datetime.now(UTC))
