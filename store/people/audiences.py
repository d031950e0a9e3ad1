"""Audiences: named lists of recipients, imported in bulk and cut when a message is proposed."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.ids import SUBSCRIBERS, check_audience, refuse_reserved
from domain.message import AudienceCut, MessageClass
from domain.model import Value
from store.kernel.bulk import Bulk
from store.kernel.chunks import chunks_of
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.people.addresses import mailbox_of
from store.people.suppressions import EVERY_CLASS, suppressed_mailboxes
from store.tables import audiences, recipients


class AudienceRow(NamedTuple):
    """One recipient to import. ``address`` is as ``addresses.read_address`` returns it."""

    address: str
    columns: Mapping[str, str]
    segment: str | None = None


class Audience(Value):
    """A named list, how many recipients it has, suppressed ones included, and since when.

    ``imported_at`` is when an import last wrote to it; None if that was an older version.
    """

    name: str
    recipients: int
    imported_at: datetime | None = None


class Imported(Value):
    """How many rows of an import were new, and how many addresses were in the list before."""

    added: int
    already_there: int


async def import_rows(
    db: Database,
    name: str,
    rows: Iterable[AudienceRow] | AsyncIterable[AudienceRow],
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Add recipients to the audience ``name``, which is made if it is new.

    An address that is in the list already keeps its first row, so an import that was interrupted is
    simply run again. ``progress`` is called with the number of rows done after each chunk. A plain
    iterable is read in a thread, while the chunk before it is being written. ``DomainError`` if
    no list of customers can have this name.
    """
    refuse_reserved(check_audience(name))
    async with aclosing(chunks_of(rows)) as chunks:
        # Before anything is written: a file that is no list must leave no empty audience behind.
        chunk = await anext(chunks, None)
        audience_id = await _make(db, name)
        return await _enter(db, name, audience_id, chunk, chunks, progress)


async def _make(db: Database, name: str) -> int:
    """The id of the audience, which is there afterwards."""
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(audiences).values(name=name))
        found = await connection.execute(select(audiences.c.id).where(audiences.c.name == name))
        return int(found.scalar_one())


async def _enter(
    db: Database,
    name: str,
    audience_id: int,
    chunk: list[AudienceRow] | None,
    chunks: AsyncIterator[list[AudienceRow]],
    progress: Callable[[int], None] | None,
) -> Imported:
    bulk = Bulk(db.dialect, address=Text(), mailbox=Text(), segment=Text(), columns=JSON())
    insert = db.insert_or_ignore(recipients, ["audience_id", "mailbox"]).from_select(
        ["audience_id", "address", "mailbox", "segment", "columns"],
        bulk.select(audience_id),
    )
    added = done = 0
    while chunk is not None:
        parameter = bulk.parameter(
            (row.address, mailbox_of(row.address), row.segment, row.columns) for row in chunk
        )
        async with db.write(Priority.BULK, many_rows=True) as connection:
            # Ids must become visible in their order: a cut is "all ids up to this one".
            await db.serialise(connection, f"audience/{name}")
            new = (await connection.execute(insert, parameter)).rowcount
            await connection.execute(
                update(audiences)
                .where(audiences.c.id == audience_id)
                .values(recipients=audiences.c.recipients + new, imported_at=datetime.now(UTC))
            )
        added += new
        done += len(chunk)
        if progress is not None:
            progress(done)
        chunk = await anext(chunks, None)
    if added:
        await db.count_anew(recipients)
    return Imported(added=added, already_there=done - added)


async def get(db: Database, name: str) -> Audience:
    """One audience; ``DomainError`` if there is none of that name."""
    async with db.read() as connection:
        row = (await connection.execute(select(audiences).where(audiences.c.name == name))).first()
    if row is None:
        raise _unknown(name)
    return Audience.model_validate(dict(row._mapping))


async def id_of(connection: AsyncConnection, name: str) -> int:
    """The number of an audience; ``DomainError`` if there is none of that name.

    Asked for before its recipients are: PostgreSQL plans for an audience that it is told, and
    otherwise for one of average size, which among large ones means reading all of them.
    """
    number = await find_id(connection, name)
    if number is None:
        raise _unknown(name)
    return number


async def find_id(connection: AsyncConnection, name: str) -> int | None:
    """The number of an audience, or None if there is none of that name."""
    query = select(audiences.c.id).where(audiences.c.name == name)
    number: int | None = await connection.scalar(query)
    return number


def _unknown(name: str) -> DomainError:
    return DomainError(
        f"There is no audience {name[:60]!r}.", NextStep(action=Action.IMPORT_AUDIENCE)
    )


async def list_audiences(db: Database) -> list[Audience]:
    """Every audience of customers, by name."""
    query = select(audiences).where(audiences.c.name != SUBSCRIBERS)
    async with db.read() as connection:
        rows = await connection.execute(query.order_by(audiences.c.name))
        return [Audience.model_validate(dict(row._mapping)) for row in rows]


async def cut(
    db: Database,
    name: str,
    message_class: MessageClass | None = None,
    before: Sequence[AudienceCut] = (),
) -> AudienceCut:
    """Fix who would get a message now: how many, and up to which recipient id.

    Counts whoever is not suppressed for ``message_class``; None leaves out everybody who is
    suppressed for anything. Whoever is in one of the audiences ``before`` is counted there. Plan
    the broadcast with the same values. ``DomainError`` if there is no such audience.
    """
    of_class = EVERY_CLASS if message_class is None else message_class.value
    async with db.read() as connection:
        number = await id_of(connection, name)
        cuts = [(await id_of(connection, one.name), one.up_to) for one in before]
    here = recipients.c.audience_id == number
    everybody = select(func.count(), func.coalesce(func.max(recipients.c.id), 0)).where(here)
    suppressed = select(func.count()).where(
        here, recipients.c.mailbox.in_(suppressed_mailboxes(of_class))
    )
    elsewhere = select(func.count()).where(
        here,
        recipients.c.mailbox.not_in(suppressed_mailboxes(of_class)),
        in_one_of(cuts),
    )
    async with db.read() as connection:
        count, up_to = (await connection.execute(everybody)).one()
        # Counted apart: looking each recipient up among the suppressed would take far longer.
        left_out = await connection.scalar(suppressed) or 0
        if before:
            left_out += await connection.scalar(elsewhere) or 0
    return AudienceCut(name=name, count=count - left_out, up_to=up_to)


def in_one_of(cuts: Sequence[tuple[int, int]]) -> ColumnElement[bool]:
    """The condition on a recipient that its mailbox is in one of these (audience id, up to)."""
    other = recipients.alias("other")
    return exists().where(
        other.c.mailbox == recipients.c.mailbox,
        or_(
            false(), *(and_(other.c.audience_id == one, other.c.id <= up_to) for one, up_to in cuts)
        ),
    )
