"""The installation's record: appended by every process, in the transaction of what it tells."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.installation import (
    Happened,
    InstallationEntry,
    KeptEntry,
    SealedEnd,
    chained,
)
from domain.record import BEGINNING
from domain.record_check import FIND_OUT
from domain.times import in_utc
from store.kernel.database import Database
from store.tables import installation_end, installation_record


async def append(
    db: Database, connection: AsyncConnection, *entries: InstallationEntry
) -> KeptEntry | None:
    """Append entries within a transaction of the caller; return the last, not sealed yet."""
    await db.serialise(connection, "frontfoot/installation")
    query = select(installation_record.c.link, installation_record.c.hash)
    last = await connection.execute(query.order_by(installation_record.c.link.desc()).limit(1))
    row = last.first()
    link, before = (row.link, row.hash) if row is not None else (0, BEGINNING)
    kept: KeptEntry | None = None
    for entry in entries:
        kept = chained(before, link + 1, entry)
        link, before = kept.link, kept.hash
        values = kept.model_dump(exclude={"key_id", "seal"}) | {"at": in_utc(entry.at)}
        await connection.execute(installation_record.insert().values(values))
    return kept


async def enter(db: Database, *entries: InstallationEntry) -> None:
    """``append`` in a transaction of its own."""
    async with db.write() as connection:
        await append(db, connection, *entries)


async def enter_once(db: Database, entry: InstallationEntry) -> None:
    """``enter``, unless one of the same kind about exactly the same is there.

    For what is begun again after its process died, perhaps after it had been entered.
    """
    row = installation_record.c
    same = select(row.link).where(row.what == entry.what.value, row.about == entry.about).limit(1)
    async with db.write() as connection:
        # Only within the turn of ``append`` nobody else enters it meanwhile.
        await db.serialise(connection, "frontfoot/installation")
        if (await connection.execute(same)).first() is None:
            await append(db, connection, entry)


async def read(db: Database) -> list[KeptEntry]:
    """Every entry with its hash and seal, in their order.

    ``DomainError`` if somebody changed a row so that it cannot be read.
    """
    query = select(installation_record).order_by(installation_record.c.link)
    try:
        async with db.read() as connection:
            return [kept_of(row) for row in await connection.execute(query)]
    except (ValueError, TypeError) as error:
        raise _unreadable() from error


async def newest(db: Database, many: int, before: int | None = None) -> list[KeptEntry]:
    """The last entries, the newest first; ``before`` is the number that they come before.

    ``DomainError`` as ``read``.
    """
    query = select(installation_record).order_by(installation_record.c.link.desc()).limit(many)
    if before is not None:
        query = query.where(installation_record.c.link < before)
    try:
        async with db.read() as connection:
            return [kept_of(row) for row in await connection.execute(query)]
    except (ValueError, TypeError) as error:
        raise _unreadable() from error


async def of_kind(db: Database, what: Happened, *, since: datetime) -> list[KeptEntry]:
    """The entries of one kind since then, the newest first; ``DomainError`` as ``read``."""
    row = installation_record.c
    query = select(installation_record).where(row.what == what.value, row.at > since)
    try:
        async with db.read() as connection:
            found = await connection.execute(query.order_by(row.link.desc()))
            return [kept_of(one) for one in found]
    except (ValueError, TypeError) as error:
        raise _unreadable() from error


async def end(db: Database) -> SealedEnd | None:
    """How far it is sealed."""
    async with db.read() as connection:
        return await end_in(connection)


async def end_in(connection: AsyncConnection) -> SealedEnd | None:
    """``end`` within a transaction."""
    row = (await connection.execute(select(installation_end))).first()
    if row is None:
        return None
    try:
        return SealedEnd.model_validate(
            {**row._mapping, "at": in_utc(row.at).isoformat(timespec="microseconds")}
        )
    except (ValueError, TypeError) as error:
        raise _unreadable() from error


async def states_of_people(db: Database) -> dict[str, str]:
    """What the record last said of each person who is in the file of people: roles, abilities."""
    kinds = (Happened.PERSON_ADDED, Happened.PERSON_CHANGED, Happened.PERSON_REMOVED)
    query = (
        select(
            installation_record.c.what, installation_record.c.person, installation_record.c.about
        )
        .where(installation_record.c.what.in_([one.value for one in kinds]))
        .order_by(installation_record.c.link)
    )
    found: dict[str, str] = {}
    async with db.read() as connection:
        for row in await connection.execute(query):
            found[row.person] = row.about
            if row.what == Happened.PERSON_REMOVED:
                del found[row.person]
    return found


def kept_of(row: Row[tuple[object, ...]]) -> KeptEntry:
    """A row as an entry."""
    at = row._mapping["at"]
    values = {**row._mapping, "at": in_utc(at).isoformat(timespec="microseconds")}
    return KeptEntry.model_validate(values)


def _unreadable() -> DomainError:
    return DomainError(
        "The installation's record was changed: it has a row that cannot be read.", FIND_OUT
    )
