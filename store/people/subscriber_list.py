"""The subscribers as a list that people look after: imported, counted, exported, forgotten.

Every change by a person leaves a row in the log, with who and why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from datetime import datetime

from pydantic import Field
from sqlalchemy import Text, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.ids import SUBSCRIBERS
from domain.model import Value
from domain.times import UtcTime
from store.kernel.bulk import Bulk
from store.kernel.chunks import chunks_of
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.people.addresses import mailbox_of, read_pasted
from store.people.audiences import AudienceRow
from store.people.subscribers import Subscriber, SubscriptionState, audience_id
from store.tables import (
    audiences,
    confirmation_mails,
    recipients,
    sign_ups,
    subscriber_log,
    subscription_components,
    subscriptions,
)

IMPORT = "import"
"""The source of a subscription that somebody confirmed elsewhere."""

COMPONENTS_COLUMN = "components"
"""The column of an import with what somebody chose: names separated by semicolons."""

_PAGE = 5_000


class NotSubscribed(DomainError):
    """Nothing is known of the address as a subscriber."""


class SubscribersImported(Value):
    """How many addresses are new, were subscribed before, and had left: those stay away."""

    added: int
    already_there: int
    had_left: int


class SubscriberCounts(Value):
    """How many are subscribed, have left, and have asked without a confirmation so far.

    ``choosing`` of the subscribed chose components. ``mails`` counts the mails of the last week
    that asked for a confirmation, by their states.
    """

    confirmed: int = 0
    choosing: int = 0
    unsubscribed: int = 0
    waiting: int = 0
    mails: dict[str, int] = Field(default_factory=dict)
    last_asked_at: UtcTime | None = None


async def import_confirmed(
    db: Database,
    rows: Iterable[AudienceRow] | AsyncIterable[AudienceRow],
    *,
    who: str,
    why: str,
    at: datetime,
    progress: Callable[[int], None] | None = None,
) -> SubscribersImported:
    """Subscribe people who confirmed it elsewhere; again changes nothing. One row in the log.

    Whoever has unsubscribed here stays so. ``progress`` is called with the rows done so far.
    """
    added = had_left = done = 0
    async for chunk in chunks_of(rows):
        async with db.write(Priority.BULK, many_rows=True) as connection:
            new, left = await _enter(db, connection, chunk, at)
        added, had_left, done = added + new, had_left + left, done + len(chunk)
        if progress is not None:
            progress(done)
    async with db.write() as connection:
        await _log(connection, at, "imported", who, why, added)
    if added:
        await db.count_anew(recipients)
    return SubscribersImported(
        added=added, already_there=done - added - had_left, had_left=had_left
    )


async def _enter(
    db: Database, connection: AsyncConnection, chunk: list[AudienceRow], at: datetime
) -> tuple[int, int]:
    """Enter some; how many are new, and how many had left."""
    audience = await audience_id(db, connection)
    people = Bulk(db.dialect, address=Text(), mailbox=Text())
    rows = people.parameter((row.address, mailbox_of(row.address)) for row in chunk)
    entered = await connection.execute(
        db.insert_or_ignore(recipients, ["audience_id", "mailbox"]).from_select(
            ["audience_id", "address", "mailbox"], people.select(audience)
        ),
        rows,
    )
    await connection.execute(
        update(audiences)
        .where(audiences.c.id == audience)
        .values(recipients=audiences.c.recipients + entered.rowcount)
    )
    # A list and no join: SQLite would go through the whole audience for each chunk.
    found = (
        await connection.execute(
            select(recipients.c.id, recipients.c.mailbox, subscriptions.c.state)
            .outerjoin(subscriptions, subscriptions.c.recipient_id == recipients.c.id)
            .where(
                recipients.c.audience_id == audience,
                recipients.c.mailbox.in_([mailbox_of(row.address) for row in chunk]),
            )
        )
    ).all()
    fresh = [one for one in found if one.state is None]
    left = sum(one.state not in (None, SubscriptionState.CONFIRMED) for one in found)
    if fresh:
        await connection.execute(
            subscriptions.insert(),
            [
                {"recipient_id": one.id, "state": "confirmed", "since": at, "source": IMPORT}
                for one in fresh
            ],
        )
        await _enter_choices(connection, {one.mailbox: one.id for one in fresh}, chunk)
    return len(fresh), left


async def _enter_choices(
    connection: AsyncConnection, fresh: dict[str, int], chunk: list[AudienceRow]
) -> None:
    chosen = [
        {"recipient_id": fresh[mailbox_of(row.address)], "component": component}
        for row in chunk
        if mailbox_of(row.address) in fresh
        for component in dict.fromkeys(_components(row))
    ]
    if chosen:
        await connection.execute(subscription_components.insert(), chosen)


def _components(row: AudienceRow) -> list[str]:
    named = row.columns.get(COMPONENTS_COLUMN, "").split(";")
    return [one.strip()[:200] for one in named if one.strip()]


async def counts(db: Database) -> SubscriberCounts:
    """How many there are, and what became of the mails that asked for a confirmation."""
    async with db.read() as connection:
        states = await connection.execute(
            select(subscriptions.c.state, func.count().label("many")).group_by(
                subscriptions.c.state
            )
        )
        by_state = {row.state: row.many for row in states}
        choosing = await connection.scalar(
            select(func.count(subscription_components.c.recipient_id.distinct()))
            .join(
                subscriptions,
                subscriptions.c.recipient_id == subscription_components.c.recipient_id,
            )
            .where(subscriptions.c.state == SubscriptionState.CONFIRMED)
        )
        waiting = await connection.scalar(
            select(func.count()).where(sign_ups.c.recipient_id.is_(None))
        )
        mails = await connection.execute(
            select(confirmation_mails.c.state, func.count().label("many")).group_by(
                confirmation_mails.c.state
            )
        )
        by_mail = {row.state: row.many for row in mails}
        last = await connection.scalar(select(func.max(confirmation_mails.c.asked_at)))
    return SubscriberCounts(
        confirmed=by_state.get("confirmed", 0),
        choosing=choosing or 0,
        unsubscribed=by_state.get("unsubscribed", 0),
        waiting=waiting or 0,
        mails=dict(sorted(by_mail.items())),
        last_asked_at=last,
    )


async def everybody(db: Database) -> AsyncIterator[Subscriber]:
    """Every subscriber, those who have left included, by number, page by page."""
    after = 0
    while found := await some(db, after, _PAGE):
        after = found[-1].id
        for one in found:
            yield one


async def some(db: Database, after: int, most: int) -> list[Subscriber]:
    """The subscribers behind the number ``after``, those who have left included."""
    query = (
        select(recipients.c.id, recipients.c.address, *_SHOWN)
        .join(subscriptions, subscriptions.c.recipient_id == recipients.c.id)
        .where(recipients.c.id > after, subscriptions.c.state != SubscriptionState.FORGOTTEN)
        .order_by(recipients.c.id)
        .limit(most)
    )
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
        if not rows:
            return []
        chosen: dict[int, list[str]] = defaultdict(list)
        for one, component in await connection.execute(
            select(subscription_components)
            .where(subscription_components.c.recipient_id.between(after, rows[-1].id))
            .order_by(subscription_components.c.component)
        ):
            chosen[one].append(component)
    return [
        Subscriber.model_validate({**row._mapping, "components": tuple(chosen[row.id])})
        for row in rows
    ]


_SHOWN = (subscriptions.c.state, subscriptions.c.since, subscriptions.c.source)


async def forget_by_person(db: Database, address: str, *, who: str, why: str, at: datetime) -> None:
    """Delete all that is known of an address as a subscriber, and say in the log who asked.

    ``NotSubscribed`` if nothing is; ``InvalidAddress`` if it is no address.
    """
    mailbox = mailbox_of(read_pasted(address)[0])
    async with db.write() as connection:
        found = await connection.scalar(
            select(recipients.c.id)
            .join(audiences, audiences.c.id == recipients.c.audience_id)
            .where(audiences.c.name == SUBSCRIBERS, recipients.c.mailbox == mailbox)
        )
        asked = await _forget_asked(connection, mailbox)
        if found is not None:
            await _forget(connection, found, at)
        elif not asked:
            raise NotSubscribed(
                "Nobody with this address is subscribed, or has asked to be.",
                "Nothing needs to be done.",
            )
        await _log(connection, at, "forgotten", who, why, 1)


async def forget(db: Database, subscriber: int, at: datetime) -> None:
    """Delete all that is known of a subscriber, who asks for it; a repeat changes nothing."""
    async with db.write() as connection:
        mailbox = await connection.scalar(
            select(recipients.c.mailbox)
            .join(subscriptions, subscriptions.c.recipient_id == recipients.c.id)
            .where(recipients.c.id == subscriber)
        )
        if mailbox is None:
            return
        await _forget_asked(connection, mailbox)
        await _forget(connection, subscriber, at)
        await _log(connection, at, "forgotten", "themselves", "", 1)


async def _forget(connection: AsyncConnection, subscriber: int, at: datetime) -> None:
    await connection.execute(
        update(recipients)
        .where(recipients.c.id == subscriber)
        # Not deleted: broadcasts count their recipients by number, and mark them by it.
        .values(address="", mailbox=f"forgotten/{subscriber}", columns="{}", segment=None)
    )
    await connection.execute(
        delete(subscription_components).where(subscription_components.c.recipient_id == subscriber)
    )
    await connection.execute(
        update(subscriptions)
        .where(subscriptions.c.recipient_id == subscriber)
        .values(state=SubscriptionState.FORGOTTEN.value, since=at)
    )


async def _forget_asked(connection: AsyncConnection, mailbox: str) -> int:
    gone = await connection.execute(delete(sign_ups).where(sign_ups.c.mailbox == mailbox))
    mails = await connection.execute(
        delete(confirmation_mails).where(confirmation_mails.c.mailbox == mailbox)
    )
    return gone.rowcount + mails.rowcount


async def _log(
    connection: AsyncConnection, at: datetime, what: str, who: str, why: str, many: int
) -> None:
    await connection.execute(
        subscriber_log.insert().values(at=at, what=what, who=who, why=why, many=many)
    )
