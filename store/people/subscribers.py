"""The subscribers of the status page: who they are, what they chose, and whom a message concerns.

They are the recipients of the audience ``subscribers``, with a subscription each. Leaving the page
is a state of that, and no suppression: it says nothing about mail to customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.ids import SUBSCRIBERS
from domain.message import AudienceCut, Document, MessageClass
from domain.model import Value
from domain.subscribers import touched_components
from domain.times import UtcTime
from store.kernel.bulk import Bulk
from store.kernel.columns import Moment, moment_text
from store.kernel.database import Database
from store.people.audiences import find_id, id_of, in_one_of
from store.people.suppressions import EVERY_CLASS, SUBSCRIBED, suppressed_mailboxes
from store.tables import (
    audiences,
    recipients,
    subscription_components,
    subscriptions,
    suppressions,
)


class SubscriptionState(StrEnum):
    """Whether somebody is subscribed. Whoever is forgotten has no address any more."""

    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    FORGOTTEN = "forgotten"


class Subscriber(Value):
    """One subscriber; ``components`` is what they chose, empty for all."""

    id: int
    address: str
    state: SubscriptionState
    since: UtcTime
    source: str
    components: tuple[str, ...] = ()


class SubscribersChoice(NamedTuple):
    """Whom a message concerns: subscribers of ``touched`` components, all if it touches none.

    ``proposed_at`` is when the message was proposed. What was suppressed later may have been mailed
    to a customer already, and nobody gets a message twice.
    """

    touched: tuple[str, ...]
    proposed_at: datetime

    def as_customers(self, before: Sequence[tuple[int, int]], of_class: str) -> ColumnElement[bool]:
        """The condition that a recipient gets it in one of the audiences ``before`` as well."""
        unsubscribed = exists().where(
            suppressions.c.mailbox == recipients.c.mailbox,
            suppressions.c.message_class.in_((EVERY_CLASS, of_class)),
            suppressions.c.at <= self.proposed_at,
        )
        return and_(in_one_of(before), ~unsubscribed)

    def unreachable(self) -> ColumnElement[bool]:
        """The condition that a recipient has left, or that their address is suppressed."""
        gone = select(subscriptions.c.recipient_id).where(
            subscriptions.c.state != SubscriptionState.CONFIRMED
        )
        return or_(
            recipients.c.id.in_(gone),
            recipients.c.mailbox.in_(suppressed_mailboxes(SUBSCRIBED)),
        )

    def unconcerned(self) -> ColumnElement[bool]:
        """The condition that a recipient chose components, and none of those touched."""
        choosing = select(subscription_components.c.recipient_id)
        concerned = choosing.where(subscription_components.c.component.in_(self.touched))
        return and_(recipients.c.id.in_(choosing), recipients.c.id.not_in(concerned))


def choice_of(document: Document, audience: str | None) -> SubscribersChoice | None:
    """Whom a message concerns among the subscribers; None for an audience of customers."""
    if audience != SUBSCRIBERS:
        return None
    return SubscribersChoice(touched_components(document), document.proposed_at)


def has_left(
    recipient: ColumnElement[int], message_class: ColumnElement[str]
) -> ColumnElement[bool]:
    """The condition that a recipient of a broadcast to subscribers is none any more.

    It costs other broadcasts nothing.
    """
    return and_(
        message_class == SUBSCRIBED,
        exists()
        .where(
            subscriptions.c.recipient_id == recipient,
            subscriptions.c.state != SubscriptionState.CONFIRMED,
        )
        .correlate_except(subscriptions),
    )


async def cut(
    db: Database,
    choice: SubscribersChoice,
    message_class: MessageClass,
    before: Sequence[AudienceCut] = (),
) -> AudienceCut | None:
    """Fix which subscribers would get a message now; None if it would be nobody.

    Whoever gets it as a customer, in one of the audiences ``before``, is counted there.
    """
    async with db.read() as connection:
        number = await find_id(connection, SUBSCRIBERS)
        cuts = [(await id_of(connection, one.name), one.up_to) for one in before]
    if number is None:
        return None
    left_out = choice.unreachable()
    if choice.touched:
        left_out = or_(left_out, choice.unconcerned())
    if before:
        left_out = or_(left_out, choice.as_customers(cuts, message_class.value))
    here = recipients.c.audience_id == number
    counted = select(func.count()).where(here, ~left_out)
    async with db.read() as connection:
        up_to = await connection.scalar(select(func.max(recipients.c.id)).where(here))
        count = await connection.scalar(counted.where(recipients.c.id <= (up_to or 0))) or 0
    return AudienceCut(name=SUBSCRIBERS, count=count, up_to=up_to) if up_to and count else None


async def get(db: Database, subscriber: int) -> Subscriber:
    """All that is known of a subscriber; ``DomainError`` if there is none of that number."""
    async with db.read() as connection:
        row = (
            await connection.execute(_rows().where(subscriptions.c.recipient_id == subscriber))
        ).first()
        chosen = await connection.scalars(
            select(subscription_components.c.component)
            .where(subscription_components.c.recipient_id == subscriber)
            .order_by(subscription_components.c.component)
        )
        components = tuple(chosen)
    if row is None or row.state == SubscriptionState.FORGOTTEN:
        raise _nobody()
    return Subscriber.model_validate({**row._mapping, "components": components})


async def leave(db: Database, subscriber: int, at: datetime) -> None:
    """Unsubscribe somebody; a repeat changes nothing. ``DomainError`` if there is nobody."""
    async with db.write() as connection:
        await _refuse_unknown(connection, subscriber)
        await connection.execute(
            update(subscriptions)
            .where(
                subscriptions.c.recipient_id == subscriber,
                subscriptions.c.state == SubscriptionState.CONFIRMED,
            )
            .values(state=SubscriptionState.UNSUBSCRIBED.value, since=at)
        )


async def end_subscriptions(
    db: Database, connection: AsyncConnection, ended: Mapping[int, datetime]
) -> None:
    """Unsubscribe subscribers, each as of a moment; whoever subscribed again later stays.

    For callers inside the store that are in a transaction already.
    """
    if not ended:
        return
    bulk = Bulk(db.dialect, id=BigInteger(), at=Moment())
    left = bulk.table.c
    await connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.recipient_id == left.id,
            subscriptions.c.state == SubscriptionState.CONFIRMED,
            subscriptions.c.since <= left.at,
        )
        .values(state=SubscriptionState.UNSUBSCRIBED.value, since=left.at),
        bulk.parameter((one, moment_text(at)) for one, at in sorted(ended.items())),
    )


async def choose(db: Database, subscriber: int, components: Iterable[str]) -> None:
    """Replace what somebody chose; nothing is everything. ``DomainError`` if there is nobody."""
    async with db.write() as connection:
        await _refuse_unknown(connection, subscriber)
        await enter_choice(connection, subscriber, components)


async def enter_choice(
    connection: AsyncConnection, subscriber: int, components: Iterable[str]
) -> None:
    """``choose``, for callers inside the store that are in a transaction already."""
    await connection.execute(
        delete(subscription_components).where(subscription_components.c.recipient_id == subscriber)
    )
    rows = [{"recipient_id": subscriber, "component": one} for one in dict.fromkeys(components)]
    if rows:
        await connection.execute(subscription_components.insert(), rows)


async def audience_id(db: Database, connection: AsyncConnection) -> int:
    """The id of the subscribers' audience, which is made if need be; its ids are locked.

    Ids must become visible in their order: a cut is "all ids up to this one".
    """
    await db.serialise(connection, f"audience/{SUBSCRIBERS}")
    await connection.execute(db.insert_or_ignore(audiences).values(name=SUBSCRIBERS))
    found: int | None = await connection.scalar(
        select(audiences.c.id).where(audiences.c.name == SUBSCRIBERS)
    )
    assert found is not None
    return found


async def _refuse_unknown(connection: AsyncConnection, subscriber: int) -> None:
    state = await connection.scalar(
        select(subscriptions.c.state).where(subscriptions.c.recipient_id == subscriber)
    )
    if state is None or state == SubscriptionState.FORGOTTEN:
        raise _nobody()


def _nobody() -> DomainError:
    return DomainError(
        "This subscription has been deleted: nothing is known of it any more.",
        "Subscribe again if you want to be told.",
    )


def _rows() -> Select[int, str, str, datetime, str]:
    return select(
        recipients.c.id,
        recipients.c.address,
        subscriptions.c.state,
        subscriptions.c.since,
        subscriptions.c.source,
    ).join(recipients, recipients.c.id == subscriptions.c.recipient_id)
