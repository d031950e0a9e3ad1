"""The suppressions as a list that people look after: added, taken off, imported, counted, synced.

Every change by a person leaves a row in the log, with who and why.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.message import MessageClass
from domain.model import Value
from domain.suppression import ListedAddress, SuppressionReason, covered_by
from domain.times import UtcTime
from store.kernel.chunks import chunks_of
from store.kernel.columns import moment_text
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.people.addresses import InvalidAddress, mailbox_of, read_address, read_pasted
from store.people.suppressions import EVERY_CLASS, REMOVED, MailboxRow, add_mailboxes
from store.tables import suppression_log, suppressions

_PAGE = 5_000

Classes = Sequence[MessageClass | None]


class NotSuppressed(DomainError):
    """The address is not on the list."""


class Suppression(Value):
    """One entry of the list; ``message_class`` is empty if it covers every class."""

    mailbox: str
    message_class: str
    reason: str
    source: str
    at: UtcTime


class SuppressionCount(Value):
    """How many entries have this reason, class and source."""

    reason: str
    message_class: str
    source: str
    addresses: int


class Entered(Value):
    """The result of entering many: ``added`` are new entries; an address may have two."""

    read: int
    added: int
    unreadable: int = 0


async def add_by_person(
    db: Database,
    address: str,
    classes: Classes,
    reason: str,
    *,
    who: str,
    why: str,
    at: datetime,
) -> int:
    """Put an address on the list, and say in the log who did; return how many entries are new.

    ``InvalidAddress`` if it is none.
    """
    mailbox = mailbox_of(read_pasted(address)[0])
    async with db.write() as connection:
        rows = _rows([mailbox], classes, reason, "person", at)
        added = await add_mailboxes(db, connection, rows)
        for one in classes:
            await _log(
                connection, at, "added", who, why, mailbox=mailbox, of=_word(one), reason=reason
            )
    return added


async def remove(
    db: Database,
    address: str,
    *,
    who: str,
    why: str,
    at: datetime,
    message_class: MessageClass | None = None,
    put_on_before: datetime | None = None,
) -> list[Suppression]:
    """Take an address off the list, for one class or (None) for all; return what it was on for.

    What was put on it later than ``put_on_before`` stays.
    The log keeps who and why; older events and entries of providers' lists no longer count
    against the address. ``NotSuppressed`` if the address is not on the list.
    """
    mailbox = mailbox_of(read_pasted(address)[0])
    gone = delete(suppressions).where(suppressions.c.mailbox == mailbox)
    if message_class is not None:
        gone = gone.where(suppressions.c.message_class == message_class.value)
    if put_on_before is not None:
        gone = gone.where(suppressions.c.at <= put_on_before)
    async with db.write() as connection:
        found = await connection.execute(gone.returning(*suppressions.c))
        taken = [Suppression.model_validate(dict(row._mapping)) for row in found]
        for one in taken:
            await _log(
                connection,
                at,
                REMOVED,
                who,
                why,
                mailbox=mailbox,
                of=one.message_class,
                reason=one.reason,
            )
    if not taken:
        raise NotSuppressed(
            "This address is not on the list"
            f"{f' for {message_class}' if message_class else ''}: nothing was taken off.",
            NextStep(action=Action.LIST_SUPPRESSIONS, advice="See what it is on."),
        )
    return taken


async def import_addresses(
    db: Database,
    addresses: Iterable[str] | AsyncIterable[str],
    classes: Classes,
    reason: str,
    *,
    who: str,
    why: str,
    at: datetime,
    progress: Callable[[int], None] | None = None,
) -> Entered:
    """Put many addresses on the list; again changes nothing. One row in the log says so.

    ``addresses`` are as ``addresses.read_address`` returns them.
    """
    added = done = 0
    async with aclosing(chunks_of(addresses)) as chunks:
        async for chunk in chunks:
            mailboxes = {mailbox_of(one) for one in chunk}
            rows = _rows(mailboxes, classes, reason, "import", at)
            async with db.write(Priority.BULK, many_rows=True) as connection:
                added += await add_mailboxes(db, connection, rows)
            done += len(chunk)
            if progress is not None:
                progress(done)
    async with db.write() as connection:
        await _log(connection, at, "imported", who, why, reason=reason, many=added)
    return Entered(read=done, added=added)


async def enter_listed(
    db: Database, source: str, listed: AsyncIterable[ListedAddress], *, who: str, at: datetime
) -> Entered:
    """Enter what a provider lists, under what each reason covers; ``source`` is the channel.

    What a person took off after it was listed stays off. Nothing is ever taken off here: an
    address may be on our list for reasons that the provider does not know.
    """
    read = added = unreadable = 0
    async for chunk in chunks_of(listed):
        rows: set[MailboxRow] = set()
        for one in chunk:
            try:
                mailbox = mailbox_of(read_address(one.address))
            except InvalidAddress:
                # "Invalid" lists are full of things that are no addresses at all.
                unreadable += 1
                continue
            rows |= set(
                _rows([mailbox], covered_by(one.reason), one.reason.value, source, one.since)
            )
        async with db.write(Priority.BULK, many_rows=True) as connection:
            added += await add_mailboxes(db, connection, _firsts(rows), heed_removals=True)
        read += len(chunk)
    async with db.write() as connection:
        await _log(connection, at, "synced", who, "", reason=source, many=added)
    return Entered(read=read, added=added, unreadable=unreadable)


async def counts(db: Database) -> list[SuppressionCount]:
    """How many entries there are, by reason, class and source; no addresses."""
    query = (
        select(
            suppressions.c.reason,
            suppressions.c.message_class,
            suppressions.c.source,
            func.count().label("addresses"),
        )
        .group_by(suppressions.c.reason, suppressions.c.message_class, suppressions.c.source)
        .order_by(func.count().desc(), suppressions.c.reason, suppressions.c.message_class)
    )
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
    return [SuppressionCount.model_validate(dict(row._mapping)) for row in rows]


async def entries(db: Database) -> AsyncIterator[Suppression]:
    """Every entry with its address, by mailbox, page by page."""
    after = ("", "")
    while found := await some(db, after, _PAGE):
        after = (found[-1].mailbox, found[-1].message_class)
        for one in found:
            yield one


async def some(db: Database, after: tuple[str, str], most: int) -> list[Suppression]:
    """The entries after this mailbox and class, with their addresses."""
    place = suppressions.c.mailbox > after[0]
    same = (suppressions.c.mailbox == after[0]) & (suppressions.c.message_class > after[1])
    query = (
        select(suppressions)
        .where(place | same)
        .order_by(suppressions.c.mailbox, suppressions.c.message_class)
        .limit(most)
    )
    async with db.read() as connection:
        return [
            Suppression.model_validate(dict(row._mapping))
            for row in await connection.execute(query)
        ]


def _rows(
    mailboxes: Iterable[str], classes: Classes, reason: str, source: str, at: datetime
) -> list[MailboxRow]:
    moment = moment_text(at)
    return [
        (mailbox, _word(one), reason, source, moment) for mailbox in mailboxes for one in classes
    ]


def _firsts(rows: Iterable[MailboxRow]) -> list[MailboxRow]:
    """One row for each mailbox and class: PostgreSQL's update would meet two of them at random."""
    kept: dict[tuple[str, str], MailboxRow] = {}
    for row in sorted(rows, key=lambda one: (one[0], one[1], one[4])):
        before = kept.get(row[:2])
        stronger = before is not None and row[2] == SuppressionReason.COMPLAINED
        if before is None or stronger:
            kept[row[:2]] = row
    return list(kept.values())


def _word(message_class: MessageClass | None) -> str:
    return EVERY_CLASS if message_class is None else message_class.value


async def _log(
    connection: AsyncConnection,
    at: datetime,
    what: str,
    who: str,
    why: str,
    *,
    mailbox: str | None = None,
    of: str | None = None,
    reason: str = "",
    many: int = 1,
) -> None:
    await connection.execute(
        suppression_log.insert().values(
            at=at,
            what=what,
            who=who,
            why=why,
            mailbox=mailbox,
            message_class=of,
            reason=reason,
            many=many,
        )
    )
