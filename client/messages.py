"""Messages: proposing, revising, reading exactly what is signed, and deciding on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from client.asking import (
    incident_status,
    refusals_in_words,
    server_refusals_in_words,
    tell,
)
from client.drafting import kept_draft
from client.engine import Engine
from client.same_ledger import refuse_other_ledger
from domain.actor import Actor
from domain.errors import DecisionRefused, DomainError
from domain.explanation import Action, NextStep
from domain.gate import Verdict
from domain.ids import MessageRef, check_slug, incident_workflow_id
from domain.limits import NAME_LIMIT, REASON_LIMIT, refuse_long, refuse_long_draft
from domain.message import FREE_SUBJECT, FREE_TEXT, Document, MessageKind
from domain.page_entry import ComponentState
from domain.public_text import refuse_faulty, refuse_unfit
from domain.publication import Destination, choose_destination
from domain.status import Decided, IncidentStatus, MessageStatus
from store.record import messages
from workflows.contract.signing import Decide, SignalledDecision
from workflows.contract.writing import Propose, Revise


class NoSuchMessage(DomainError):
    """The incident has no message of that number."""


async def propose(
    engine: Engine,
    slug: str,
    kind: MessageKind,
    *,
    actor: Actor,
    copy: Mapping[str, str] | None = None,
    next_update_by: datetime | None = None,
    components: Mapping[str, ComponentState] | None = None,
    notify: bool = True,
    owner: str = "",
) -> MessageStatus:
    """Propose a message from its template, or with free copy.

    ``copy`` maps ``text``, perhaps ``subject``, and the names of channels with a text of their own
    to those texts. ``components`` are the states that the message sets on the status page. Without
    ``notify`` the page's subscribers are not told. ``owner`` keeps what it promises, in place of
    its author.
    """
    async with _kept_copy(engine, slug, copy, actor) as draft:
        argument = Propose(
            kind=kind,
            actor=actor,
            copy_draft=draft,
            next_update_by=next_update_by,
            components=dict(components or {}),
            notify=notify,
            owner=owner,
        )
        return await tell(engine, slug, "propose", argument, MessageStatus)


async def revise(
    engine: Engine,
    slug: str,
    message: int,
    *,
    actor: Actor,
    copy: Mapping[str, str] | None = None,
    next_update_by: datetime | None = None,
    promise_none: bool = False,
    components: Mapping[str, ComponentState] | None = None,
    notify: bool | None = None,
) -> MessageStatus:
    """Make a new revision of a waiting message; what was decided about the old one is void.

    It keeps its promise of the next update, unless another one is given or ``promise_none``, and
    the states that it sets on the status page, unless ``components`` are given; it tells the page's
    subscribers as before, unless ``notify`` says otherwise.
    """
    async with _kept_copy(engine, slug, copy, actor) as draft:
        argument = Revise(
            message=message,
            actor=actor,
            copy_draft=draft,
            next_update_by=next_update_by,
            promise_none=promise_none,
            components=None if components is None else dict(components),
            notify=notify,
        )
        return await tell(engine, slug, "revise", argument, MessageStatus)


async def read_message(engine: Engine, slug: str, number: int) -> tuple[MessageStatus, Document]:
    """The status of message ``number``, and the exact copy that its approvers sign."""
    message = message_of(await incident_status(engine, slug), number)
    return message, await load_document(engine, slug, message)


async def decide(
    engine: Engine,
    slug: str,
    *,
    actor: Actor,
    digest: str,
    message: int | None = None,
    verdict: Verdict = Verdict.APPROVE,
    reason: str = "",
    proof: str = "",
) -> Decided:
    """Approve or reject the message with this digest, and learn what is still missing.

    ``proof`` is the id of one that was handed in (``client.proofs``). Raises ``DecisionRefused`` if
    it does not count; the timeline then says so.
    """
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    refuse_long("The digest", digest, NAME_LIMIT)
    argument = Decide(
        actor=actor, digest=digest, message=message, verdict=verdict, reason=reason, proof=proof
    )
    decided = await tell(engine, slug, "decide", argument, Decided)
    if decided.explanation is not None and not decided.counted:
        raise DecisionRefused.of(decided.explanation)
    return decided


async def approve_by_signal(
    engine: Engine,
    slug: str,
    *,
    by: str,
    digest: str,
    message: int | None = None,
    proof: str = "",
) -> None:
    """Approve by signal, as any client of Temporal may, without waiting for an answer."""
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(check_slug(slug)))
    said = SignalledDecision(by=by, digest=digest, message=message, proof=proof)
    async with refusals_in_words(engine, slug, "approve"):
        with server_refusals_in_words(slug, "approve"):
            await handle.signal("approve", said)


def message_of(status: IncidentStatus, number: int) -> MessageStatus:
    """Message ``number`` of an incident; ``NoSuchMessage`` if there is none."""
    for message in status.messages:
        if message.number == number:
            return message
    raise NoSuchMessage(
        f"There is no message {number} in {status.incident}.",
        NextStep(
            action=Action.SHOW_STATUS,
            incident=status.incident,
            advice=f"It has {len(status.messages)} so far; its status lists them.",
        ),
    )


def destination_of(
    message: MessageStatus, channel: str, audience: str | None = None
) -> Destination:
    """Where a message goes on ``channel``; ``DomainError`` unless it is exactly one."""
    return choose_destination(
        message.number, [one.destination for one in message.outcomes], channel, audience
    )


async def load_document(engine: Engine, slug: str, message: MessageStatus) -> Document:
    """The exact copy that approvers sign; ``DomainError`` if the ledger has another one."""
    await refuse_other_ledger(engine, slug)
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    document = await messages.load_revision(await engine.ledger(), ref)
    if document.digest() != message.digest:
        raise DomainError(
            f"The ledger's copy of message {message.number} is not the one at the gate "
            f"({document.digest()[:8]}, not {message.digest[:8]}).",
            "Do not sign it. Check that everything uses the same FRONTFOOT_DATABASE_URL; the copy "
            "may have been written to another ledger.",
        )
    return document


@asynccontextmanager
async def _kept_copy(
    engine: Engine, slug: str, copy: Mapping[str, str] | None, actor: Actor
) -> AsyncIterator[str | None]:
    """The draft of free copy; ``DomainError`` for one that no channel could publish."""
    if copy is None:
        yield None
        return
    refuse_long_draft(copy)
    for part, text in copy.items():
        whose = {FREE_TEXT: "The text", FREE_SUBJECT: "The subject"}.get(
            part, f"The text for {part[:40]}"
        )
        refuse_faulty(text, whose)
        if not text.strip():
            raise DomainError(f"{whose} is empty.", "Write something, or use the template.")
    if not copy.keys() - {FREE_SUBJECT}:
        raise DomainError("There is no text.", "Write something, or use the template.")
    # Nothing is stored for an incident that does not exist, or in a ledger that is not its own.
    await incident_status(engine, slug)
    async with kept_draft(engine, slug, "copy", copy, actor) as draft:
        yield draft
