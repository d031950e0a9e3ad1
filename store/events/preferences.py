"""What events mean for future mail: hard bounces, complaints, unsubscribing and resubscribing.

Customers and subscribers of the status page are two audiences, and one person may be in both. What
somebody says about a mail to subscribers ends the subscription, and only a complaint or a bounce
reaches further; see docs/subscribers.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delivery_events import HARD_BOUNCE
from domain.ids import SUBSCRIBERS
from domain.publication import DeliveryState
from domain.suppression import Preference, SuppressionReason, covered_by
from store.events.marks import Marked
from store.events.unmarked import UNMARKED
from store.kernel.bulk import Bulk
from store.kernel.columns import moment_text
from store.kernel.database import Database
from store.people.subscribers import end_subscriptions
from store.people.suppressions import EVERY_CLASS, MailboxRow, add_mailboxes, lift_mailboxes
from store.tables import audiences, broadcasts, delivery_events, recipients

SOURCE = "event"
"""The source of what events ask for. What a provider's lists ask for has the channel's name."""

_ORDER = (Preference.RESUBSCRIBED, Preference.UNSUBSCRIBED)
"""Of two preferences in the same second, the one that asks for less mail counts."""


class _Person(NamedTuple):
    mailbox: str
    subscriber: bool


async def enter_preferences(
    db: Database, connection: AsyncConnection, events: Iterable[Marked]
) -> None:
    """Enter in the suppressions what new events ask for; the events are already stored.

    A hard bounce covers every class of message. A complaint and an unsubscription cover every class
    except safety. Resubscribing lifts unsubscriptions that came from the provider.

    About mail to subscribers of the status page, an unsubscription ends the subscription and
    suppresses nothing; a complaint does both. Resubscribing at the provider subscribes nobody.
    """
    hard: dict[int, datetime] = {}
    complained: dict[int, datetime] = {}
    changed: set[int] = set()
    unsubscribing: dict[int, datetime] = {}
    for one in events:
        if one.recipient is None:
            continue
        if one.kind is DeliveryState.BOUNCED and one.reason_code == HARD_BOUNCE:
            hard[one.recipient] = min(one.at, hard.get(one.recipient, one.at))
        elif one.kind is Preference.COMPLAINED:
            complained[one.recipient] = min(one.at, complained.get(one.recipient, one.at))
        elif one.kind in _ORDER:
            changed.add(one.recipient)
            if one.kind is Preference.UNSUBSCRIBED:
                unsubscribing[one.recipient] = max(one.at, unsubscribing.get(one.recipient, one.at))
    if not (hard or complained or changed):
        return
    people = await _people(db, connection, hard.keys() | complained.keys() | changed)
    subscribers = {number for number, one in people.items() if one.subscriber}
    ended = {
        subscriber: max(
            said[subscriber] for said in (complained, unsubscribing) if subscriber in said
        )
        for subscriber in subscribers & (complained.keys() | unsubscribing.keys())
    }
    await end_subscriptions(db, connection, ended)
    newest = await _newest(db, connection, changed - subscribers)
    unsubscribed = {
        recipient: at
        for recipient, (at, preference) in newest.items()
        if preference is Preference.UNSUBSCRIBED
    }
    resubscribed = {
        recipient: at
        for recipient, (at, preference) in newest.items()
        if preference is Preference.RESUBSCRIBED
    }
    rows: dict[tuple[str, str], MailboxRow] = {}
    for reason, concerned in (
        (SuppressionReason.BOUNCED, hard),
        (SuppressionReason.COMPLAINED, complained),
        (SuppressionReason.UNSUBSCRIBED, unsubscribed),
    ):
        for recipient, at in concerned.items():
            for message_class in covered_by(reason):
                word = EVERY_CLASS if message_class is None else message_class.value
                if recipient in people:
                    mailbox = people[recipient].mailbox
                    row = (mailbox, word, reason.value, SOURCE, moment_text(at))
                    rows.setdefault((mailbox, word), row)
    await add_mailboxes(db, connection, rows.values(), heed_removals=True)
    lifted = [
        (people[one].mailbox, moment_text(at)) for one, at in resubscribed.items() if one in people
    ]
    if lifted:
        channels = await connection.scalars(select(broadcasts.c.channel).distinct())
        # Resubscribing at the provider does not undo unsubscribing by our own link.
        await lift_mailboxes(db, connection, lifted, (SOURCE, UNMARKED, *channels))


async def _people(
    db: Database, connection: AsyncConnection, wanted: Iterable[int]
) -> dict[int, _Person]:
    bulk = Bulk(db.dialect, id=BigInteger())
    rows = await connection.execute(
        select(recipients.c.id, recipients.c.mailbox, audiences.c.name)
        .join(bulk.table, recipients.c.id == bulk.table.c.id)
        .join(audiences, audiences.c.id == recipients.c.audience_id),
        bulk.parameter((one,) for one in sorted(wanted)),
    )
    return {row.id: _Person(row.mailbox, row.name == SUBSCRIBERS) for row in rows}


async def _newest(
    db: Database, connection: AsyncConnection, people: Iterable[int]
) -> dict[int, tuple[datetime, Preference]]:
    """Each recipient's latest preference, across all of our mail to them.

    Latest by the time of the event, not of its arrival: events arrive in any order.
    """
    wanted = sorted(people)
    if not wanted:
        return {}
    bulk = Bulk(db.dialect, id=BigInteger())
    rows = await connection.execute(
        select(delivery_events.c.recipient_id, delivery_events.c.kind, delivery_events.c.at)
        .select_from(bulk.table)
        .join(broadcasts, broadcasts.c.id > 0)
        .join(
            delivery_events,
            and_(
                delivery_events.c.broadcast == broadcasts.c.key,
                delivery_events.c.recipient_id == bulk.table.c.id,
            ),
        )
        .where(delivery_events.c.kind.in_([one.value for one in _ORDER])),
        bulk.parameter((one,) for one in wanted),
    )
    newest: dict[int, tuple[datetime, Preference]] = {}
    for recipient, kind, at in rows:
        latest = (at, Preference(kind))
        before = newest.get(recipient)
        if before is None or (at, _ORDER.index(latest[1])) > (before[0], _ORDER.index(before[1])):
            newest[recipient] = latest
    return newest
