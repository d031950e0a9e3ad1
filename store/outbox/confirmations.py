"""The outbox of mails that ask for a confirmation: each is sent at most once.

The public service enters them, and holds nothing that could send. A worker takes one by a
compare-and-set, and enters its outcome; one whose outcome is unknown is not sent again, because
the person can ask for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import SUBSCRIBERS
from domain.model import Value
from domain.publication import PublicationState
from domain.subscribers import LINK_WORKS_FOR
from store.kernel.columns import Moment
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.outbox.once import ending, losing, taking
from store.people.subscribers import SubscriptionState
from store.people.suppressions import SUBSCRIBED, suppressed_mailboxes
from store.tables import audiences, confirmation_mails, recipients, sign_ups, subscriptions

_S = PublicationState
_VOID = "The request was replaced, forgotten or is too old."


def _due(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(confirmation_mails.c.state == _S.PLANNED, confirmation_mails.c.due_at <= at)


# Built once: a worker asks all the time, and to build it costs more than to ask.
_WAITING = (
    select(confirmation_mails.c.id)
    .where(_due(bindparam("b_at", type_=Moment)))
    .order_by(confirmation_mails.c.due_at)
    .limit(20)
)


class ConfirmationMail(Value):
    """One mail to send: to whom, with which link; ``attempt`` counts from 1.

    ``subscriber`` is the number of who has this address already: they need no link to confirm.
    ``suppressed``: the address must not be written to.
    """

    id: int
    attempt: int
    address: str
    nonce: str
    subscriber: int | None = None
    suppressed: bool = False


async def take(db: Database, at: datetime) -> ConfirmationMail | None:
    """Take the right to send the mail that has waited longest; None if none is due.

    A mail whose request is void is put aside on the way.
    """
    async with db.read() as connection:
        waiting: Sequence[int] = (await connection.scalars(_WAITING, {"b_at": at})).all()
    for number in waiting:
        async with db.write(Priority.NORMAL) as connection:
            taken = (
                await connection.execute(
                    taking(confirmation_mails, number, at, _due(literal(at, Moment)))
                    .values(attempt=confirmation_mails.c.attempt + 1)
                    .returning(confirmation_mails.c.attempt, confirmation_mails.c.nonce)
                )
            ).first()
            if taken is None:
                continue
            mail = await _mail(connection, number, taken.attempt, taken.nonce, at)
            if mail is not None:
                return mail
            await _move(connection, number, taken.attempt, _S.SUPERSEDED, _VOID)
    return None


async def put_back(db: Database, mail: ConfirmationMail, due_at: datetime, why: str) -> None:
    """Return the right to send: it is certain that this attempt did not go out."""
    async with db.write(Priority.NORMAL) as connection:
        await _move(connection, mail.id, mail.attempt, _S.PLANNED, why, due_at=due_at)


async def end(db: Database, mail: ConfirmationMail, state: PublicationState, why: str = "") -> None:
    """Enter how an attempt ended: ``accepted``, ``refused`` or ``unknown``."""
    async with db.write(Priority.NORMAL) as connection:
        await _move(connection, mail.id, mail.attempt, state, why)


async def give_up_lost(db: Database, before: datetime) -> int:
    """Enter as unknown what a worker began before that moment and never ended."""
    async with db.write(Priority.NORMAL) as connection:
        lost = await connection.execute(losing(confirmation_mails, before))
        return lost.rowcount


async def _move(
    connection: AsyncConnection,
    number: int,
    attempt: int,
    to: PublicationState,
    why: str,
    due_at: datetime | None = None,
) -> None:
    later = {} if due_at is None else {"due_at": due_at}
    await connection.execute(
        ending(confirmation_mails, number, to, why)
        .where(confirmation_mails.c.attempt == attempt)
        .values(later)
    )


async def _mail(
    connection: AsyncConnection, number: int, attempt: int, nonce: str, at: datetime
) -> ConfirmationMail | None:
    """What to send, or None if the request is void."""
    suppressed = sign_ups.c.mailbox.in_(suppressed_mailboxes(SUBSCRIBED)).label("suppressed")
    row = (
        await connection.execute(
            select(sign_ups.c.address, sign_ups.c.mailbox, suppressed).where(
                sign_ups.c.nonce == nonce,
                sign_ups.c.asked_at > at - LINK_WORKS_FOR,
                sign_ups.c.recipient_id.is_(None),
            )
        )
    ).first()
    if row is None:
        return None
    subscriber = await connection.scalar(
        select(recipients.c.id)
        .join(audiences, audiences.c.id == recipients.c.audience_id)
        .join(subscriptions, subscriptions.c.recipient_id == recipients.c.id)
        .where(
            audiences.c.name == SUBSCRIBERS,
            recipients.c.mailbox == row.mailbox,
            subscriptions.c.state == SubscriptionState.CONFIRMED,
        )
    )
    return ConfirmationMail(
        id=number,
        attempt=attempt,
        address=row.address,
        nonce=nonce,
        subscriber=subscriber,
        suppressed=bool(row.suppressed),
    )
