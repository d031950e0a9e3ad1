"""Events that name an address and no mail of ours: a bounce hours later has lost our marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Text, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.delivery_events import DeliveryEvent, concerns_address
from domain.publication import DeliveryState
from domain.suppression import Preference, SuppressionReason, covered_by
from store.kernel.bulk import Bulk
from store.kernel.columns import moment_text
from store.kernel.database import Database
from store.people.addresses import InvalidAddress, mailbox_of, read_address
from store.people.suppressions import EVERY_CLASS, MailboxRow, add_mailboxes
from store.tables import suppressions

UNMARKED = "event without mark"
"""The source of what these events ask for."""


async def enter_addresses(
    db: Database, connection: AsyncConnection, events: Iterable[DeliveryEvent]
) -> set[str]:
    """Enter what events without a mark of ours ask for; return the ids of those that were new.

    A mail server may refuse a mail hours after it took it, and that event has lost our marks. Its
    address is all there is, and is as dead.
    """
    rows: dict[tuple[str, str], MailboxRow] = {}
    asked: dict[str, list[tuple[str, str]]] = {}
    for one in events:
        mailbox, reason = _mailbox(one), _REASONS.get(one.kind)
        if mailbox is None or reason is None:
            continue
        for message_class in covered_by(reason):
            word = EVERY_CLASS if message_class is None else message_class.value
            row = (mailbox, word, reason.value, UNMARKED, moment_text(one.at))
            rows.setdefault((mailbox, word), row)
            asked.setdefault(one.id, []).append((mailbox, word))
    if not rows:
        return set()
    before = await _listed(db, connection, rows)
    await add_mailboxes(db, connection, rows.values(), heed_removals=True)
    added = await _listed(db, connection, rows) - before
    return {name for name, wanted in asked.items() if not added.isdisjoint(wanted)}


_REASONS: Mapping[DeliveryState | Preference, SuppressionReason] = {
    DeliveryState.BOUNCED: SuppressionReason.BOUNCED,
    Preference.COMPLAINED: SuppressionReason.COMPLAINED,
    Preference.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}


def _mailbox(event: DeliveryEvent) -> str | None:
    if event.address is None or not concerns_address(event.kind, event.reason_code):
        return None
    try:
        return mailbox_of(read_address(event.address))
    except InvalidAddress:
        return None


async def _listed(
    db: Database, connection: AsyncConnection, places: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Which of (mailbox, class) are suppressed."""
    bulk = Bulk(db.dialect, mailbox=Text(), message_class=Text())
    wanted = bulk.table.c
    rows = await connection.execute(
        select(suppressions.c.mailbox, suppressions.c.message_class).join(
            bulk.table,
            and_(
                suppressions.c.mailbox == wanted.mailbox,
                suppressions.c.message_class == wanted.message_class,
            ),
        ),
        bulk.parameter(sorted(places)),
    )
    return {(row.mailbox, row.message_class) for row in rows}
