"""The timeline: what happened in an incident, append-only, chained and sealed.

An entry's hash is SHA-256 of the hash before it and of the entry's own canonical JSON, and its seal
is the installation's signature over that hash: changing or taking out an entry breaks every hash
after it, and whoever computes them anew has no seal for them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.model import Value
from domain.record import BEGINNING, SealedEntry, hash_of
from domain.sealing import PublicKey, RecordKey, Sealed
from domain.timeline import RecordHead, TimelineEntry
from domain.times import in_utc
from store.kernel.database import Database
from store.tables import record_keys, timeline

WithThem = Callable[[AsyncConnection, Sequence[TimelineEntry]], Awaitable[None]]
"""What else is entered in the transaction that appends entries, for those that are new."""


class Appended(Value):
    """What became of entries: appended, or nothing was because the ledger is not what it was.

    ``new`` are those that were not there yet. ``head`` is the end of the ledger's record now. With
    ``behind`` it lacks entries that it had; with ``diverges_at`` it has other content, or a gap, at
    that number, and ``next_branch`` is free.
    """

    new: tuple[TimelineEntry, ...] = ()
    head: RecordHead = RecordHead()
    behind: bool = False
    diverges_at: int | None = None
    next_branch: int = 1


async def append(
    db: Database,
    key: RecordKey,
    incident: str,
    entries: Sequence[TimelineEntry],
    confirmed: RecordHead | None = None,
    with_them: WithThem | None = None,
) -> Appended:
    """Append entries, sealed with ``key``; those there with the same content are passed over.

    ``entries`` are in the order of their numbers. ``confirmed`` is the end of the record as it was
    after the last call: if the ledger has no such end any more, nothing is appended. Neither is it
    if an entry of the same number has other content, or the one before is not there. ``with_them``
    enters what tells of the new ones elsewhere: both are there, or neither.
    """
    confirmed = confirmed or RecordHead()
    async with db.write() as connection:
        await db.serialise(connection, f"timeline/{incident}")
        last = await _at(connection, incident)
        head = await _head(connection, last)
        if confirmed.entries > head.entries:
            return Appended(head=head, behind=True)
        first_new = await _first_new(connection, incident, entries, confirmed)
        if isinstance(first_new, int):
            highest = await connection.scalar(
                select(func.max(timeline.c.branch)).where(timeline.c.incident == incident)
            )
            return Appended(head=head, diverges_at=first_new, next_branch=int(highest or 0) + 1)
        link, before = head.entries, head.hash or BEGINNING
        rows: list[dict[str, object]] = []
        for entry in first_new:
            link, before = link + 1, hash_of(before, incident, entry)
            seal = key.seal(Sealed.ENTRY, before)
            head = RecordHead(entries=link, hash=before, seal=seal, key=key.fingerprint)
            sealed = {"link": link, "hash": before, "key_id": key.key_id, "seal": seal}
            rows.append({**dict(entry), **sealed, "incident": incident})
        if rows:
            await connection.execute(timeline.insert(), rows)
            if with_them is not None:
                await with_them(connection, first_new)
    return Appended(new=tuple(first_new), head=head)


async def _first_new(
    connection: AsyncConnection,
    incident: str,
    entries: Sequence[TimelineEntry],
    confirmed: RecordHead,
) -> list[TimelineEntry] | int:
    """Those that are to be appended, or the number at which the ledger has something else.

    An entry that is there is compared by its hash, which covers all of it: columns may have been
    changed so that they cannot be read.
    """
    seen = await _at(connection, incident, confirmed.entries) if confirmed.entries else None
    if seen is not None and seen.hash != confirmed.hash:
        return entries[0].seq
    numbers = [one.seq for one in entries]
    before = numbers[0] - 1
    columns = (timeline.c.link, timeline.c.branch, timeline.c.seq, timeline.c.hash)
    there = (
        await connection.execute(
            select(*columns)
            .where(timeline.c.incident == incident, timeline.c.seq.in_([before, *numbers]))
            .order_by(timeline.c.link)
        )
    ).all()
    kept = {(row.branch, row.seq): row for row in there}
    if before and not any(row.seq == before for row in there):
        return numbers[0]
    new: list[TimelineEntry] = []
    for entry in entries:
        row = kept.get((entry.branch, entry.seq))
        if row is None:
            new.append(entry)
            continue
        earlier = await _at(connection, incident, row.link - 1) if row.link > 1 else None
        if new or hash_of(earlier.hash if earlier else BEGINNING, incident, entry) != row.hash:
            return new[0].seq if new else entry.seq
    return new


async def _at(
    connection: AsyncConnection, incident: str, link: int | None = None
) -> Row[int, str, str, str] | None:
    """The row at ``link``, or the last."""
    query = select(timeline.c.link, timeline.c.hash, timeline.c.seal, timeline.c.key_id).where(
        timeline.c.incident == incident
    )
    if link is not None:
        query = query.where(timeline.c.link == link)
    return (await connection.execute(query.order_by(timeline.c.link.desc()).limit(1))).first()


async def _head(connection: AsyncConnection, last: Row[int, str, str, str] | None) -> RecordHead:
    if last is None:
        return RecordHead()
    public = await connection.scalar(
        select(record_keys.c.public).where(record_keys.c.key_id == last.key_id)
    )
    fingerprint = PublicKey(public=public).fingerprint if public else last.key_id
    return RecordHead(entries=last.link, hash=last.hash, seal=last.seal, key=fingerprint)


async def head(db: Database, incident: str) -> RecordHead:
    """The end of an incident's record."""
    async with db.read() as connection:
        return await _head(connection, await _at(connection, incident))


async def read(db: Database, incident: str) -> list[TimelineEntry]:
    """The timeline of an incident: by branch, and by number in each.

    ``DomainError`` if somebody changed a row so that it cannot be read.
    """
    entries = entries_of(incident, await read_sealed(db, incident))
    return sorted(entries, key=lambda one: (one.branch, one.seq))


async def read_some(db: Database, incident: str, after: int, most: int) -> list[TimelineEntry]:
    """The entries behind the first ``after`` of the chain, in its order, which only grows."""
    return entries_of(incident, await read_sealed(db, incident, after, most))


def entries_of(incident: str, sealed: Sequence[SealedEntry]) -> list[TimelineEntry]:
    """The same without seals; ``DomainError`` if somebody changed a row to what is no entry."""
    try:
        return [TimelineEntry.model_validate(one.model_dump()) for one in sealed]
    except ValidationError as error:
        raise unreadable(incident) from error


async def read_sealed(
    db: Database, incident: str, after: int = 0, most: int | None = None
) -> list[SealedEntry]:
    """The record of an incident with its hashes and seals, in the order of the chain.

    Of those behind the first ``after``, at most ``most``.
    """
    there = (timeline.c.incident == incident) & (timeline.c.link > after)
    query = select(timeline).where(there).order_by(timeline.c.link).limit(most)
    try:
        async with db.read() as connection:
            return [
                SealedEntry.model_validate(
                    {**row._mapping, "at": in_utc(row.at).isoformat(timespec="microseconds")}
                )
                for row in await connection.execute(query)
            ]
    except (ValueError, TypeError) as error:
        # A time that is none, or a number that is a word: SQLite keeps whatever it is given.
        raise unreadable(incident) from error


def unreadable(incident: str) -> DomainError:
    """The refusal to read a record in which somebody has changed something."""
    return DomainError(
        f"The record of {incident} was changed: it has a row that cannot be read.",
        "Find out who may write to the database, and compare with an export made earlier.",
    )
