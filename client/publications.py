"""Publications: their rows in the ledger, and what a person does about one that went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from client.asking import tell
from client.engine import Engine
from domain.actor import Actor
from domain.public_text import refuse_faulty
from domain.status import MessageStatus
from store.record import publication_rows
from store.record.publication_rows import PublicationRow
from workflows.contract import RetryChannel, Settle, Withdraw

__all__ = ["PublicationRow", "list_publications", "retry_channel", "settle", "withdraw"]


async def list_publications(engine: Engine, slug: str) -> list[PublicationRow]:
    """Every post of an incident as the ledger has it, by message and channel."""
    return await publication_rows.rows(await engine.ledger(), slug)


async def withdraw(
    engine: Engine, slug: str, message: int, *, actor: Actor, reason: str = ""
) -> MessageStatus:
    """Stop a message and take back what can be; returns when all of it has settled."""
    refuse_faulty(reason, "The reason")
    argument = Withdraw(message=message, actor=actor, reason=reason)
    return await tell(engine, slug, "withdraw", argument, MessageStatus)


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
    refuse_faulty(url or "", "The address", one_line=True)
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
