"""Everything that the ledger has of one mailbox in one incident.

Few rows of each table, and none of another mailbox: a page asks for this at any size of ledger.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.codes import CODE_LENGTH, spell
from domain.explanation import Explanation
from domain.model import Value
from domain.publication import DeliveryState, PublicationState
from store.kernel.database import Database
from store.kernel.transitions import read_explanation
from store.offers.code_rows import unpack
from store.tables import (
    audiences,
    batches,
    broadcasts,
    code_pool,
    codes,
    confirmation_mails,
    deliveries,
    delivery_events,
    messages,
    offers,
    recipients,
    subscriptions,
    suppression_log,
    suppressions,
)


class FoundEvent(Value):
    """What a provider reported of one mail."""

    at: datetime
    kind: str
    reason: str | None


class FoundMail(Value):
    """One mailing whose audience has the mailbox.

    No batch if it is not for them, or if everybody is withheld.

    ``withheld``: not sent, for ``reason``. ``state`` is None while nothing is known of them that
    the batch does not say.
    """

    number: int
    kind: str
    channel: str
    audience: str
    planned_at: datetime
    batch: int | None = None
    batch_state: PublicationState | None = None
    attempt: int = 0
    started_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    explanation: Explanation | None = None
    state: DeliveryState | None = None
    withheld: bool = False
    reason: str | None = None
    events: tuple[FoundEvent, ...] = ()


class FoundSuppression(Value):
    """An entry of the list of addresses that must not be written to."""

    at: datetime
    reason: str
    source: str
    message_class: str


class FoundLog(Value):
    """Somebody put it on that list, or took it off."""

    at: datetime
    what: str
    who: str
    reason: str
    why: str


class FoundSubscription(Value):
    """Whether it is subscribed to the status page, and since when."""

    state: str
    since: datetime
    source: str


class FoundConfirmation(Value):
    """A mail that asked for a confirmation."""

    asked_at: datetime
    started_at: datetime | None
    state: PublicationState


class FoundRecipient(Value):
    """All of it; ``audiences`` are those that have the mailbox, of any incident."""

    audiences: tuple[str, ...] = ()
    mails: tuple[FoundMail, ...] = ()
    codes: tuple[str, ...] = ()
    suppressions: tuple[FoundSuppression, ...] = ()
    log: tuple[FoundLog, ...] = ()
    subscription: FoundSubscription | None = None
    confirmations: tuple[FoundConfirmation, ...] = ()


async def find_recipient(db: Database, incident: str, mailbox: str) -> FoundRecipient:
    """What the ledger has of ``mailbox``, as ``addresses.mailbox_of`` spells it."""
    async with db.read() as connection:
        ids = await _ids(connection, mailbox)
        return FoundRecipient(
            audiences=tuple(name for name, _ in ids.values()),
            mails=tuple(await _mails(connection, incident, ids)),
            codes=tuple(await _codes(connection, incident, list(ids))),
            suppressions=await _rows(
                connection,
                select(suppressions)
                .where(suppressions.c.mailbox == mailbox)
                .order_by(suppressions.c.at),
                FoundSuppression,
            ),
            log=await _rows(
                connection,
                select(suppression_log)
                .where(suppression_log.c.mailbox == mailbox)
                .order_by(suppression_log.c.id),
                FoundLog,
            ),
            subscription=next(
                iter(
                    await _rows(
                        connection,
                        select(subscriptions).where(subscriptions.c.recipient_id.in_(ids)),
                        FoundSubscription,
                    )
                ),
                None,
            ),
            confirmations=await _rows(
                connection,
                select(confirmation_mails)
                .where(confirmation_mails.c.mailbox == mailbox)
                .order_by(confirmation_mails.c.asked_at),
                FoundConfirmation,
            ),
        )


async def _rows(connection: AsyncConnection, query: Any, kind: type[Any]) -> tuple[Any, ...]:
    found = (await connection.execute(query)).mappings().all()
    wanted = kind.model_fields
    return tuple(
        kind.model_validate({name: row[name] for name in wanted if name in row}) for row in found
    )


async def _ids(connection: AsyncConnection, mailbox: str) -> dict[int, tuple[str, int]]:
    """The numbers of the mailbox, with the name and the id of the audience of each."""
    every = (await connection.execute(select(audiences.c.id, audiences.c.name))).all()
    named = {row.id: row.name for row in every}
    found = await connection.execute(
        select(recipients.c.id, recipients.c.audience_id)
        .where(recipients.c.audience_id.in_(named), recipients.c.mailbox == mailbox)
        .order_by(recipients.c.audience_id)
    )
    return {row.id: (named[row.audience_id], row.audience_id) for row in found}


async def _mails(
    connection: AsyncConnection, incident: str, ids: dict[int, tuple[str, int]]
) -> list[FoundMail]:
    by_audience = {audience: number for number, (_, audience) in ids.items()}
    planned = (
        await connection.execute(
            select(broadcasts, messages.c.kind)
            .outerjoin(
                messages,
                and_(
                    messages.c.incident == broadcasts.c.incident,
                    messages.c.number == broadcasts.c.number,
                ),
            )
            .where(broadcasts.c.incident == incident, broadcasts.c.audience_id.in_(by_audience))
            .order_by(broadcasts.c.planned_at, broadcasts.c.id)
        )
    ).mappings()
    return [await _mail(connection, row, by_audience[row["audience_id"]]) for row in planned]


async def _mail(connection: AsyncConnection, row: Any, recipient: int) -> FoundMail:
    mail = FoundMail(
        number=row["number"],
        kind=row["kind"] or "",
        channel=row["channel"],
        audience=row["audience"],
        planned_at=row["planned_at"],
    )
    batch = (
        await connection.execute(
            select(batches).where(
                batches.c.broadcast_id == row["id"],
                batches.c.first <= recipient,
                batches.c.last >= recipient,
            )
        )
    ).first()
    delivery = (
        await connection.execute(
            select(deliveries).where(
                deliveries.c.broadcast_id == row["id"], deliveries.c.recipient_id == recipient
            )
        )
    ).first()
    if delivery is not None:
        state = DeliveryState(delivery.state)
        told = {"state": state, "withheld": delivery.withheld, "reason": delivery.reason}
        mail = mail.model_copy(update=told)
    if batch is None:
        return mail
    events = await connection.execute(
        select(delivery_events)
        .where(
            delivery_events.c.broadcast == row["key"],
            delivery_events.c.recipient_id == recipient,
        )
        .order_by(delivery_events.c.at)
    )
    known = {
        "batch": batch.number,
        "batch_state": PublicationState(batch.state),
        "attempt": batch.attempt,
        "started_at": batch.started_at,
        "accepted_at": batch.accepted_at,
        "ended_at": batch.ended_at,
        "explanation": read_explanation(batch.explanation),
        "events": tuple(
            FoundEvent(at=one.at, kind=one.kind, reason=one.reason_code) for one in events
        ),
    }
    return mail.model_copy(update=known)


async def _codes(connection: AsyncConnection, incident: str, ids: list[int]) -> list[str]:
    found: list[str] = []
    made = await connection.execute(
        select(offers).where(offers.c.incident == incident).order_by(offers.c.version)
    )
    for offer in made.all():
        for recipient in ids:
            found += await _derived(connection, offer, recipient)
    pooled = await connection.scalars(
        select(code_pool.c.code)
        .join(offers, offers.c.id == code_pool.c.offer_id)
        .where(offers.c.incident == incident, code_pool.c.recipient_id.in_(ids))
        .order_by(code_pool.c.id)
    )
    return [*found, *pooled]


async def _derived(connection: AsyncConnection, offer: Any, recipient: int) -> list[str]:
    """The code of one recipient, out of the row that has it."""
    rows = await connection.execute(
        select(codes).where(
            codes.c.offer_id == offer.id,
            codes.c.first.between(recipient - offer.widest, recipient),
            codes.c.last >= recipient,
        )
    )
    for row in rows:
        everybody = list(unpack(row.recipients)) or list(range(row.first, row.last + 1))
        if recipient in everybody:
            at = everybody.index(recipient) * CODE_LENGTH
            return spell(row.symbols[at : at + CODE_LENGTH], grouped=True)
    return []
