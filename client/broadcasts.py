"""Broadcasts: steering mail that is going out, and listing batches of unknown outcome."""

from __future__ import annotations

from datetime import datetime

from client.asking import incident_status, tell
from client.engine import Engine
from client.messages import destination_of, message_of
from domain.actor import Actor
from domain.broadcasting import BroadcastAction
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import MessageRef
from domain.limits import REASON_LIMIT
from domain.model import Value
from domain.public_text import refuse_unfit
from domain.status import MessageStatus
from store.broadcasts import batch_outcomes, broadcasts
from workflows.contract.steering import SteerBroadcast


class UnknownBatch(Value):
    """A batch of unknown outcome, for the person who looks for it.

    ``key`` is what its request carried to the provider. ``proven``: an event of the provider has
    come meanwhile, so it went out.
    """

    number: int
    began: datetime | None
    recipients: int
    attempt: int
    key: str
    proven: bool
    explanation: Explanation | None


async def steer_broadcast(
    engine: Engine,
    slug: str,
    message: int,
    action: BroadcastAction,
    *,
    actor: Actor,
    channel: str = "",
    audience: str | None = None,
    reason: str = "",
) -> MessageStatus:
    """Pause, resume or stop mail that is going out; effective within one batch.

    ``channel`` and ``audience`` may be left out where the message goes to one only.
    """
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    if not channel:
        channel = only_channel(message_of(await incident_status(engine, slug), message))
    argument = SteerBroadcast(
        message=message,
        actor=actor,
        action=action,
        channel=channel,
        audience=audience,
        reason=reason,
    )
    return await tell(engine, slug, "steer_broadcast", argument, MessageStatus)


async def unknown_batches(
    engine: Engine, slug: str, number: int, channel: str, audience: str | None = None
) -> list[UnknownBatch]:
    """The unknown batches of message ``number`` on ``channel``, by number.

    ``DomainError`` if the message is not there, or was never mailed on that channel.
    """
    message = message_of(await incident_status(engine, slug), number)
    ref = MessageRef(incident=slug, number=number, revision=message.revision)
    ledger = await engine.ledger()
    place = destination_of(message, channel, audience)
    found = await broadcasts.find_broadcast(ledger, ref, channel, place.audience or "")
    if found is None:
        raise DomainError(
            f"Message {number} has no broadcast on {channel}, so it has no batches.",
            NextStep(action=Action.SHOW_STATUS, incident=slug, advice="See its status."),
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
            explanation=row.explanation,
        )
        for row in rows
    ]


def only_channel(message: MessageStatus) -> str:
    """The channel of a message's mail; ``DomainError`` if there is none, or a choice."""
    if len(message.direct) == 1:
        return message.direct[0]
    if not message.direct:
        raise DomainError(
            f"Message {message.number} is not mailed, so there is no broadcast to steer.",
            "A post cannot be paused, only withdrawn.",
        )
    raise DomainError(
        f"Message {message.number} is mailed on {', '.join(message.direct)}.",
        "Name one of them.",
    )
