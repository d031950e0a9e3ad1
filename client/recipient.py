"""Did they get it: what the ledger has of one recipient in one incident, in order and in words."""

from __future__ import annotations

from datetime import datetime

from client.engine import Engine
from client.errors import UnknownIncident
from domain.ids import check_slug
from domain.model import Value
from domain.publication import DeliveryState, PublicationState
from store.audit.recipient import FoundMail, FoundRecipient, find_recipient
from store.people.addresses import InvalidAddress, mailbox_of, read_pasted
from store.record import incidents

__all__ = [
    "Arrival",
    "InvalidAddress",
    "Moment",
    "RecipientHistory",
    "answer_of",
    "recipient_history",
]

_S, _D = PublicationState, DeliveryState
_BY_BATCH = {
    _S.PLANNED: "not yet: it waits to be sent",
    _S.SENDING: "on its way to the provider now",
    _S.ACCEPTED: "handed over; the provider has not said what became of it",
    _S.REFUSED: "no: the provider refused it",
    _S.UNKNOWN: "nobody knows: the provider gave no clear answer",
    _S.SUPERSEDED: "no: it was too old, or something newer overtook it",
    _S.WITHDRAWN: "no: it was stopped before",
    _S.ABANDONED: "no: it was given up",
}
_BY_DELIVERY = {
    _D.PLANNED: "not yet: it waits to be sent",
    _D.ACCEPTED: _BY_BATCH[_S.ACCEPTED],
    _D.PROCESSED: "handed over; the provider is delivering it",
    _D.DELIVERED: "yes: delivered",
    _D.DROPPED: "no: the provider did not send it",
    _D.BOUNCED: "no: it came back",
    _D.REFUSED: "no: refused",
}


class Arrival(Value):
    """Whether one message got there: ``message 2 (…) on email to customers`` and the answer."""

    about: str
    answer: str
    state: str


class Moment(Value):
    """One thing that happened; ``at`` is in UTC."""

    at: datetime
    what: str


class RecipientHistory(Value):
    """Everything about one recipient; ``known`` is false if the ledger has never heard of them.

    It contains no address. ``codes`` are those of this incident.
    """

    known: bool
    audiences: tuple[str, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    moments: tuple[Moment, ...] = ()
    codes: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()


async def recipient_history(engine: Engine, slug: str, address: str) -> RecipientHistory:
    """What the ledger has of ``address`` in one incident; suppressions and subscriptions are of
    all. Asks no provider. ``InvalidAddress`` and ``UnknownIncident``.
    """
    mailbox = mailbox_of(read_pasted(address)[0])
    ledger = await engine.ledger()
    if await incidents.find(ledger, check_slug(slug)) is None:
        raise UnknownIncident(slug)
    found = await find_recipient(ledger, slug, mailbox)
    return RecipientHistory(
        known=any(found.model_dump(exclude_defaults=True).values()),
        audiences=found.audiences,
        arrivals=tuple(_arrival(mail) for mail in found.mails),
        moments=tuple(sorted(_moments(found), key=lambda one: one.at)),
        codes=found.codes,
        suppressed=tuple(
            f"{one.reason}, {_covers(one.message_class)} (from {one.source})"
            for one in found.suppressions
        ),
    )


def _about(mail: FoundMail) -> str:
    kind = mail.kind.replace("_", " ")
    return f"message {mail.number} ({kind}) on {mail.channel} to {mail.audience}"


def _arrival(mail: FoundMail) -> Arrival:
    about = _about(mail)
    if mail.withheld:
        return Arrival(about=about, answer=_left_out(mail.reason), state="not_sent")
    if mail.batch_state is None:
        answer = "no: they were not in the audience yet when it was proposed"
        return Arrival(about=about, answer=answer, state="not_sent")
    answer = answer_of(mail.batch_state, mail.state, mail.reason or "", withheld=False)
    return Arrival(about=about, answer=answer, state=(mail.state or mail.batch_state).value)


def answer_of(
    batch: PublicationState, delivery: DeliveryState | None, reason: str, *, withheld: bool
) -> str:
    """Whether a mail got there, in words that begin with yes, no, not yet or what else is known.

    By what is known of its recipient, or of the whole batch while that is all.
    """
    if withheld:
        return _left_out(reason)
    if delivery is None:
        return _BY_BATCH[batch]
    return f"{_BY_DELIVERY[delivery]} ({reason})" if reason else _BY_DELIVERY[delivery]


def _left_out(reason: str | None) -> str:
    return f"no: not sent, {reason or 'suppressed'}"


def _moments(found: FoundRecipient) -> list[Moment]:
    moments: list[Moment] = []
    for mail in found.mails:
        moments += _of_mail(mail)
    for entry in found.suppressions:
        what = f"on the list of addresses not to be written to: {entry.reason}"
        moments.append(Moment(at=entry.at, what=f"{what}, {_covers(entry.message_class)}"))
    for log in found.log:
        why = f": {log.why}" if log.why else ""
        reason = f" ({log.reason})" if log.reason else ""
        what = f"suppression {log.what}{reason} by {log.who}{why}"
        moments.append(Moment(at=log.at, what=what))
    for one in found.confirmations:
        moments.append(Moment(at=one.asked_at, what="asked to subscribe to the status page"))
        if one.started_at is not None:
            what = f"mail that asks for a confirmation: {one.state.value}"
            moments.append(Moment(at=one.started_at, what=what))
    if found.subscription is not None:
        one_since, state = found.subscription.since, found.subscription.state
        by = found.subscription.source
        moments.append(Moment(at=one_since, what=f"subscription {state}, by {by}"))
    return moments


def _of_mail(mail: FoundMail) -> list[Moment]:
    about = _about(mail)
    if mail.batch is None:
        how = "planned, and they were left out" if mail.withheld else "planned without them"
        return [Moment(at=mail.planned_at, what=f"{about}: {how}")]
    moments = [Moment(at=mail.planned_at, what=f"{about}: planned in batch {mail.batch}")]
    if mail.withheld:
        return moments
    if mail.started_at is not None:
        attempt = f", attempt {mail.attempt}" if mail.attempt > 1 else ""
        moments.append(Moment(at=mail.started_at, what=f"{about}: handed to the provider{attempt}"))
    if mail.accepted_at is not None:
        moments.append(Moment(at=mail.accepted_at, what=f"{about}: the provider accepted it"))
    elif mail.ended_at is not None:
        why = mail.explanation.what if mail.explanation else "no acceptance"
        moments.append(Moment(at=mail.ended_at, what=f"{about}: {why}"))
    for event in mail.events:
        reason = f" ({event.reason})" if event.reason else ""
        moments.append(Moment(at=event.at, what=f"{about}: {event.kind}{reason}"))
    return moments


def _covers(message_class: str) -> str:
    return f"no {message_class} messages" if message_class else "no message at all"
