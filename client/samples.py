"""Send me a test: a message's copy mailed to oneself, marked as a test and never counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from client.asking import incident_status
from client.engine import Engine
from client.messages import load_document, message_of
from client.patience import soon
from domain.actor import Actor
from domain.errors import DomainError
from domain.message import Document
from domain.model import Value
from domain.publication import PublicationState
from domain.sample import MOST_AN_HOUR
from store.outbox import samples
from store.outbox.samples import Sample
from store.people.addresses import read_pasted

__all__ = ["MailCopy", "Sample", "mail_copies", "my_samples", "send_sample"]


class MailCopy(Value):
    """A copy that can be mailed; ``audience`` is None for that of every audience."""

    channel: str
    audience: str | None = None

    @property
    def key(self) -> str:
        """One word for it, for a form."""
        return f"{self.channel}/{self.audience or ''}"


def mail_copies(document: Document) -> list[MailCopy]:
    """The copies of a message that have a subject: those that are mailed."""
    return [
        MailCopy(channel=copy.channel, audience=copy.audience)
        for copy in document.copies
        if copy.subject is not None
    ]


async def send_sample(
    engine: Engine, slug: str, number: int, *, actor: Actor, address: str, which: str = ""
) -> None:
    """Have a worker mail the newest revision of a message to ``address``, and to nobody else.

    ``which`` is the key of one of ``mail_copies``; the first without it. It is sent at most once,
    as soon as a worker has it. ``InvalidAddress``, ``DomainError`` if the message is not mailed, if
    there were too many in the last hour, or if everything is stopped.
    """
    to = read_pasted(address)[0]
    status = await soon(incident_status(engine, slug))
    message = message_of(status, number)
    copies = mail_copies(await load_document(engine, slug, message))
    chosen = next((one for one in copies if which in ("", one.key)), None)
    if chosen is None:
        raise DomainError(
            f"Message {number} has no such mail.", "Only mail can be sent to yourself as a test."
        )
    ledger, now = await engine.ledger(), datetime.now(UTC)
    if engine.tried_at is not None and any(
        (one.channel, one.audience, one.address) == (chosen.channel, chosen.audience, to)
        and one.asked_at >= engine.tried_at
        for one in await samples.of_message(ledger, slug, number, actor.person)
    ):
        # The first try of this request has asked for it.
        return
    if await samples.asked_since(ledger, actor.person, now - timedelta(hours=1)) >= MOST_AN_HOUR:
        raise DomainError(
            f"You have had {MOST_AN_HOUR} tests mailed within the last hour.", "Wait a little."
        )
    await samples.ask(
        ledger,
        incident=slug,
        number=number,
        revision=message.revision,
        channel=chosen.channel,
        audience=chosen.audience,
        address=to,
        by=actor.person,
        at=now,
    )


async def my_samples(engine: Engine, slug: str, number: int, person: str) -> list[Sample]:
    """The tests that somebody has asked for, the newest first."""
    return await samples.of_message(await engine.ledger(), slug, number, person)


def in_words(sample: Sample) -> str:
    """What became of a test."""
    words = {
        PublicationState.PLANNED: "waits for a worker",
        PublicationState.SENDING: "on its way",
        PublicationState.ACCEPTED: "handed over to the provider",
        PublicationState.UNKNOWN: "nobody knows whether it went out",
    }
    said = words.get(sample.state, f"not sent ({sample.state})")
    return f"{said}: {sample.why}" if sample.why else said
