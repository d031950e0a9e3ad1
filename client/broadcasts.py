"""Broadcasts: steering mail that is going out, and the batches of which nobody knows."""

from __future__ import annotations

from datetime import datetime

from client.asking import incident_status, tell
from client.engine import Engine
from client.messages import message_of
from domain.broadcasting import BroadcastAction
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.ids import MessageRef
from domain.model import Value
from domain.status import MessageStatus
from store.broadcasts import batch_outcomes, broadcasts
from workflows.contract import SteerBroadcast


class UnknownBatch(Value):
    """A batch of which nobody knows whether it went out, for whoever looks.

    ``key`` is its mark at the provider, where every mail of it carries it. ``proven``: an event of
    the provider has come meanwhile, so it went out.
    """

    number: int
    began: datetime | None
    recipients: int
    attempt: int
    key: str
    proven: bool
    reason: str
    next_step: str


async def steer_broadcast(
    engine: Engine,
    slug: str,
    message: int,
    action: BroadcastAction,
    *,
    by: str,
    channel: str = "email",
    reason: str = "",
) -> MessageStatus:
    """Pause, resume or stop mail that is going out; effective within one batch."""
    argument = SteerBroadcast(message=message, by=by, action=action, channel=channel, reason=reason)
    return await tell(engine, slug, "steer_broadcast", argument, MessageStatus)


async def unknown_batches(
    engine: Engine, slug: str, number: int, channel: str
) -> list[UnknownBatch]:
    """The unknown batches of message ``number`` on ``channel``, by number.

    ``DomainError`` if the message is not there, or was never mailed on that channel.
    """
    message = message_of(await incident_status(engine, slug), number)
    ref = MessageRef(incident=slug, number=number, revision=message.revision)
    ledger = await engine.ledger()
    found = await broadcasts.find_broadcast(ledger, ref, channel)
    if found is None:
        raise DomainError(
            f"Message {number} has no broadcast on {channel}, so it has no batches.",
            NextStep(action=Action.SHOW_STATUS, incident=slug, advice="See how it stands."),
        )
    rows = await batch_outcomes.unknown_batches(ledger, found.id)
    return [
        UnknownBatch(
            number=row.number,
            began=row.started_at,
            recipients=row.size,
            attempt=row.attempt,
            key=row.key,
            proven=row.proven,
            reason=row.reason,
            next_step=row.next_step,
        )
        for row in rows
    ]
