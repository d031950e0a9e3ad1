"""What events say of the mails that ask for a confirmation; those belong to no broadcast."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delivery_events import HARD_BOUNCE
from domain.ids import SUBSCRIBERS
from domain.publication import DeliveryState, PublicationState
from domain.suppression import Preference, SuppressionReason, covered_by
from store.events.marks import Marked
from store.kernel.columns import moment_text
from store.kernel.database import Database
from store.people.subscribers import end_subscriptions
from store.people.suppressions import EVERY_CLASS, MailboxRow, add_mailboxes
from store.tables import audiences, confirmation_mails, recipients, sign_ups

SOURCE = "event"

_S = PublicationState
_OPEN = (_S.PLANNED, _S.SENDING, _S.UNKNOWN)
_FAILED = {
    DeliveryState.BOUNCED: "It bounced.",
    DeliveryState.DROPPED: "The provider did not deliver it.",
    DeliveryState.REFUSED: "The provider did not deliver it.",
}


async def enter_confirmations(
    db: Database, connection: AsyncConnection, events: Iterable[Marked]
) -> None:
    """Enter what new events prove of confirmation mails, and what their readers ask for.

    A mail that was on its way, or put back, has gone out once there is an event about it. A hard
    bounce suppresses the address. Whoever unsubscribes or complains is not subscribed: the request
    is void, and a subscription that is there ends; a complaint also suppresses, as any does.
    """
    for one in sorted(events, key=lambda event: (event.recipient or 0, event.at, event.id)):
        if one.recipient is None:
            continue
        await _move(connection, one.recipient, one)
        query = select(confirmation_mails.c.mailbox, confirmation_mails.c.nonce)
        row = (
            await connection.execute(query.where(confirmation_mails.c.id == one.recipient))
        ).first()
        if row is None:
            # The request was forgotten, and its mail with it.
            continue
        reason = _reason(one)
        if reason in (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED):
            await _suppress(db, connection, row.mailbox, reason, one.at)
        if one.kind in (Preference.COMPLAINED, Preference.UNSUBSCRIBED):
            await _refuse(db, connection, row.mailbox, row.nonce, one.at)


async def _move(connection: AsyncConnection, mail: int, event: Marked) -> None:
    why = _FAILED.get(event.proves)
    # What went out may still come back; the worker's own word on it is older than the event.
    before = _OPEN if why is None else (*_OPEN, _S.ACCEPTED)
    state = _S.ACCEPTED if why is None else _S.REFUSED
    await connection.execute(
        update(confirmation_mails)
        .where(confirmation_mails.c.id == mail, confirmation_mails.c.state.in_(before))
        .values(state=state.value, why=why or "")
    )


def _reason(event: Marked) -> SuppressionReason | None:
    if event.kind is DeliveryState.BOUNCED and event.reason_code == HARD_BOUNCE:
        return SuppressionReason.BOUNCED
    return SuppressionReason.COMPLAINED if event.kind is Preference.COMPLAINED else None


async def _suppress(
    db: Database, connection: AsyncConnection, mailbox: str, reason: SuppressionReason, at: datetime
) -> None:
    classes = (EVERY_CLASS if one is None else one.value for one in covered_by(reason))
    rows: list[MailboxRow] = [
        (mailbox, word, reason.value, SOURCE, moment_text(at)) for word in classes
    ]
    await add_mailboxes(db, connection, rows, heed_removals=True)


async def _refuse(
    db: Database, connection: AsyncConnection, mailbox: str, nonce: str, at: datetime
) -> None:
    await connection.execute(
        delete(sign_ups).where(sign_ups.c.nonce == nonce, sign_ups.c.recipient_id.is_(None))
    )
    subscriber = await connection.scalar(
        select(recipients.c.id)
        .join(audiences, audiences.c.id == recipients.c.audience_id)
        .where(audiences.c.name == SUBSCRIBERS, recipients.c.mailbox == mailbox)
    )
    if subscriber is not None:
        await end_subscriptions(db, connection, {subscriber: at})
