"""Asking the providers' own lists about what a restored ledger has forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from client.checks.channel_process import ask_channels
from client.engine import Engine
from client.errors import ClientError
from client.recovery.broadcasts import BatchInDoubt
from domain.ids import MessageRef, publication_key
from domain.publication import Finding, Outcome, PublicationState, Receipt
from domain.status import IncidentStatus
from store.broadcasts import batches, broadcasts
from store.record import messages, publications

BATCHES_ASKED = 5
"""Batches that are asked about each time: some providers allow six questions a minute."""

_UNKNOWN = PublicationState.UNKNOWN


class _Question(NamedTuple):
    """One attempt, and where it belongs; ``batch`` is None for a post."""

    ref: MessageRef
    channel: str
    key: str
    since: datetime
    audience: str = ""
    batch: int | None = None


async def adopt_found(
    engine: Engine, status: IncidentStatus, in_doubt: Sequence[BatchInDoubt]
) -> int:
    """Enter as accepted what the providers show; return how many that were.

    Only what is found counts: what is not there may have gone out under the key of another attempt.
    A provider that cannot be asked from here is left to a person.
    """
    ledger = await engine.ledger()
    asked = {one.key: one for one in (*_posts(status), *_batches(status, in_doubt))}
    lines: list[dict[str, object]] = []
    for one in asked.values():
        document = await messages.find_revision(ledger, one.ref)
        if document is not None:
            copy = document.copy_for(one.channel, one.audience or None).model_dump(mode="json")
            lines.append(
                {"channel": one.channel, "key": one.key, "copy_": copy, "since": one.since}
            )
    adopted = 0
    try:
        async for answer in ask_channels(engine.settings, "find", lines=lines):
            if answer["finding"] == Finding.FOUND and answer.get("receipt"):
                found, now = asked[str(answer["key"])], datetime.now(UTC)
                receipt = Receipt(id=str(answer["receipt"]), at=now)
                await _enter(engine, found, receipt, now)
                adopted += 1
    except ClientError:
        return adopted
    return adopted


def _posts(status: IncidentStatus) -> list[_Question]:
    found: list[_Question] = []
    for message in status.messages:
        ref = MessageRef(incident=status.incident, number=message.number, revision=message.revision)
        since = message.approved_at or message.proposed_at
        for outcome in message.outcomes:
            if outcome.audience is None and outcome.state is _UNKNOWN:
                key = f"{publication_key(ref, outcome.channel)}.{_attempt(outcome)}"
                found.append(_Question(ref, outcome.channel, key, since))
    return found


def _attempt(outcome: Outcome) -> int:
    return max(1, outcome.begun.attempt if outcome.begun else outcome.attempts)


def _batches(status: IncidentStatus, in_doubt: Sequence[BatchInDoubt]) -> list[_Question]:
    numbers = {one.number: one for one in status.messages}
    return [
        _Question(
            MessageRef(
                incident=status.incident,
                number=one.message,
                revision=numbers[one.message].revision,
            ),
            one.channel,
            one.key,
            one.began or numbers[one.message].proposed_at,
            one.audience,
            one.number,
        )
        for one in in_doubt[:BATCHES_ASKED]
    ]


async def _enter(engine: Engine, found: _Question, receipt: Receipt, now: datetime) -> None:
    ledger = await engine.ledger()
    if found.batch is None:
        await publications.accept(ledger, found.ref, found.channel, receipt, now)
        return
    plan = await broadcasts.find_broadcast(ledger, found.ref, found.channel, found.audience)
    if plan is not None:
        await batches.accept_batch(ledger, plan.id, found.batch, receipt, now)
