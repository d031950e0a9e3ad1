"""Publications: their rows in the ledger, and what a person does about one that went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from client.asking import incident_status, tell
from client.engine import Engine
from client.messages import message_of
from domain.actor import Actor
from domain.limits import REASON_LIMIT, URL_LIMIT
from domain.public_text import refuse_unfit
from domain.status import MessageStatus
from store.record import publication_rows
from store.record.publication_rows import PublicationRow
from workflows.contract.steering import RetryChannel, Settle, Withdraw

__all__ = [
    "PublicationRow",
    "list_publications",
    "retry_channel",
    "settle",
    "withdraw",
    "withdrawn",
]

_LOOK_EVERY = 0.25


async def list_publications(engine: Engine, slug: str) -> list[PublicationRow]:
    """Every post of an incident as the ledger has it, by message and channel."""
    return await publication_rows.rows(await engine.ledger(), slug)


async def withdraw(
    engine: Engine, slug: str, message: int, *, actor: Actor, reason: str = ""
) -> MessageStatus:
    """Stop a message, and begin to take back what can be; ``withdrawn`` waits for the rest."""
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    argument = Withdraw(message=message, actor=actor, reason=reason)
    return await tell(engine, slug, "withdraw", argument, MessageStatus)


async def withdrawn(engine: Engine, slug: str, message: int, within: timedelta) -> MessageStatus:
    """A message once all of its withdrawal is done, or as it is after ``within``.

    ``withdrawing`` is true while something is still on its way to an end.
    """
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    while True:
        found = message_of(await incident_status(engine, slug), message)
        if not found.withdrawing or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(_LOOK_EVERY)


async def retry_channel(
    engine: Engine,
    slug: str,
    message: int,
    channel: str,
    *,
    actor: Actor,
    audience: str | None = None,
) -> MessageStatus:
    """Publish an approved message once more where it was refused or abandoned.

    A post of which nobody knows whether it went out is looked for first, and adopted if found.
    """
    argument = RetryChannel(message=message, actor=actor, channel=channel, audience=audience)
    return await tell(engine, slug, "retry_channel", argument, MessageStatus)


async def settle(
    engine: Engine,
    slug: str,
    message: int,
    channel: str,
    *,
    actor: Actor,
    went_out: bool,
    audience: str | None = None,
    url: str | None = None,
    batches: Sequence[int] = (),
) -> MessageStatus:
    """Say whether a publication of unknown outcome went out; with ``batches``, only of those.

    ``audience`` may be left out where the message goes to one on that channel.
    """
    refuse_unfit(url, "The address", URL_LIMIT, one_line=True)
    argument = Settle(
        message=message,
        channel=channel,
        actor=actor,
        audience=audience,
        went_out=went_out,
        url=url,
        batches=tuple(sorted(set(batches))),
    )
    return await tell(engine, slug, "settle", argument, MessageStatus)
