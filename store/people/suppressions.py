"""Addresses that must not be written to, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    delete,
    exists,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.message import MessageClass
from domain.suppression import SuppressionReason
from store.kernel.bulk import Bulk
from store.kernel.columns import Moment, moment_text
from store.kernel.database import Database
from store.people.addresses import mailbox_of, read_address
from store.tables import recipients, suppression_log, suppressions

EVERY_CLASS = ""
SUBSCRIBED = "subscribed"
"""What stands in place of a class of message for the subscribers of the status page. Somebody who
unsubscribed from a class of mail to customers still gets what they subscribed to."""

REMOVED = "removed"
"""In the log: a person took an address off."""

MailboxRow = tuple[str, str, str, str, str]
"""(mailbox, class or "", reason, source, ``moment_text``)."""


async def add(
    db: Database,
    address: str,
    reason: str,
    message_class: MessageClass | None,
    source: str,
    at: datetime,
) -> None:
    """Never write to ``address`` again: in messages of one class, or (None) in any.

    The first reason stays. ``reason`` and ``source`` are single words such as ``unsubscribed``
    and ``console``. ``InvalidAddress`` if it is none.
    """
    row = (
        mailbox_of(read_address(address)),
        EVERY_CLASS if message_class is None else message_class.value,
        reason,
        source,
        moment_text(at),
    )
    async with db.write() as connection:
        await add_mailboxes(db, connection, [row])


async def add_recipient(
    db: Database,
    recipient_id: int,
    reason: str,
    message_class: MessageClass | None,
    source: str,
    at: datetime,
) -> None:
    """``add`` for a recipient of an audience, whose address the caller need not know.

    ``DomainError`` if there is no such recipient.
    """
    of_class = EVERY_CLASS if message_class is None else message_class.value
    async with db.write() as connection:
        mailbox = await connection.scalar(
            select(recipients.c.mailbox).where(recipients.c.id == recipient_id)
        )
        if mailbox is None:
            raise DomainError(
                "This recipient is no longer in any audience.", "Nothing needs to be done."
            )
        row = (mailbox, of_class, reason, source, moment_text(at))
        await add_mailboxes(db, connection, [row])


async def add_mailboxes(
    db: Database,
    connection: AsyncConnection,
    rows: Iterable[MailboxRow],
    *,
    heed_removals: bool = False,
) -> int:
    """Add rows in bulk; return how many are new.

    For callers inside the store that are in a transaction already and know their mailboxes. With
    ``heed_removals`` a row is skipped if a person has taken the address off since: what a provider
    still lists must not undo that. The first reason stays, except that a complaint replaces an
    unsubscription, because it says more.
    """
    # Always in the same order, so that two writers cannot deadlock.
    wanted = sorted(rows)
    if not wanted:
        return 0
    bulk = Bulk(
        db.dialect, mailbox=Text(), message_class=Text(), reason=Text(), source=Text(), at=Moment()
    )
    new = bulk.table.c
    selected = select(*new).where(literal(True)).order_by(new.mailbox)
    if heed_removals:
        selected = selected.where(
            ~exists().where(
                suppression_log.c.mailbox == new.mailbox,
                suppression_log.c.what == REMOVED,
                suppression_log.c.message_class == new.message_class,
                suppression_log.c.at >= new.at,
            )
        )
    result = await connection.execute(
        db.insert_or_ignore(suppressions).from_select(
            ["mailbox", "message_class", "reason", "source", "at"], selected
        ),
        bulk.parameter(wanted),
    )
    complained = [row for row in wanted if row[2] == SuppressionReason.COMPLAINED]
    if complained:
        await connection.execute(
            update(suppressions)
            .where(
                suppressions.c.mailbox == new.mailbox,
                suppressions.c.message_class == new.message_class,
                suppressions.c.reason == SuppressionReason.UNSUBSCRIBED,
            )
            .values(reason=new.reason, source=new.source, at=new.at),
            bulk.parameter(complained),
        )
    return result.rowcount


async def lift_mailboxes(
    db: Database,
    connection: AsyncConnection,
    rows: Iterable[tuple[str, str]],
    sources: tuple[str, ...],
) -> int:
    """Lift unsubscriptions of (mailbox, ``moment_text``) who resubscribed; return how many.

    Only older unsubscriptions, and only those that came from ``sources``: resubscribing at the
    provider does not undo unsubscribing by our own link.
    """
    wanted = sorted(rows)
    if not wanted:
        return 0
    bulk = Bulk(db.dialect, mailbox=Text(), at=Moment())
    back = bulk.table.c
    result = await connection.execute(
        delete(suppressions).where(
            suppressions.c.reason == SuppressionReason.UNSUBSCRIBED,
            suppressions.c.source.in_(sources),
            exists().where(back.mailbox == suppressions.c.mailbox, suppressions.c.at <= back.at),
        ),
        bulk.parameter(wanted),
    )
    return result.rowcount


async def is_suppressed(
    db: Database, address: str, message_class: MessageClass | None = None
) -> bool:
    """Whether ``address`` must not get messages of this class; None: of any class at all."""
    mailbox = mailbox_of(read_address(address))
    query = select(suppressions.c.mailbox).where(suppressions.c.mailbox == mailbox)
    if message_class is not None:
        query = query.where(suppressions.c.message_class.in_((EVERY_CLASS, message_class.value)))
    async with db.read() as connection:
        return (await connection.execute(query.limit(1))).first() is not None


_COVERS_SUBSCRIBERS = or_(
    suppressions.c.message_class == EVERY_CLASS,
    suppressions.c.reason != SuppressionReason.UNSUBSCRIBED.value,
)
"""The condition on a suppression that it covers what somebody subscribed to: it covers everything,
or it is a bounce or a complaint."""


def suppressed_mailboxes(message_class: str) -> Select[str]:
    """Every mailbox that is suppressed for a class; "" asks for any class."""
    listed = select(suppressions.c.mailbox)
    if message_class == EVERY_CLASS:
        return listed
    if message_class == SUBSCRIBED:
        return listed.where(_COVERS_SUBSCRIBERS)
    return listed.where(suppressions.c.message_class.in_((EVERY_CLASS, message_class)))


def covers_mailbox(
    mailbox: ColumnElement[str], message_class: ColumnElement[str]
) -> ColumnElement[bool]:
    """The condition that a suppression covers ``mailbox`` for a class; "" asks for any class.

    Each mailbox is looked up by itself: for a thousand of them PostgreSQL would rather read all
    suppressions, and a row's offset, even if there is none, is what keeps it from that.
    """
    covering = select(suppressions.c.mailbox).where(
        suppressions.c.mailbox == mailbox,
        or_(
            suppressions.c.message_class == EVERY_CLASS,
            suppressions.c.message_class == message_class,
            message_class == EVERY_CLASS,
            and_(message_class == SUBSCRIBED, _COVERS_SUBSCRIBERS),
        ),
    )
    return covering.correlate_except(suppressions).offset(literal_column("0")).exists()
