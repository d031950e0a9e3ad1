"""Sealing the installation's record: done by workers, for entries that other processes appended.

A seal says that an entry has not been changed since. It does not say that it was true: whoever may
write to the database can append one, and then it is sealed, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.installation import Happened, InstallationEntry, KeptEntry, SealedEnd
from domain.record import BEGINNING
from domain.sealing import Keys, RecordKey, Sealed
from domain.times import in_utc
from store.installation.entries import append, end_in, kept_of
from store.kernel.database import Database, upsert
from store.record.keys import read_keys
from store.tables import installation_end, installation_record


class NewlySealed(NamedTuple):
    """How far the record is sealed now, whether entries were found to be missing, and whether the
    next one does not fit what comes before it, so that nothing is sealed from there on."""

    end: SealedEnd
    lost: bool = False
    broken: bool = False


async def is_due(db: Database, seen: SealedEnd | None) -> bool:
    """Whether there is something to seal, or the end is not the one that was ``seen``."""
    async with db.read() as connection:
        last = await connection.scalar(select(func.max(installation_record.c.link)))
        return seen is None or last != seen.entries or await end_in(connection) != seen


async def seal(
    db: Database, key: RecordKey, at: datetime, seen: SealedEnd | None = None
) -> NewlySealed:
    """Seal every entry that is not sealed; begin the record if there is none.

    ``seen`` is the end as this worker has last sealed it, and the ledger has another copy of it. If
    the entries do not reach as far as either, an entry says so, for ever.
    """
    keys = await read_keys(db)
    async with db.write() as connection:
        await db.serialise(connection, "frontfoot/installation")
        known = await end_in(connection)
        last = await _last(connection)
        loss = await _loss(connection, keys, key, known, seen)
        if loss and (last is None or last.what != Happened.LOST):
            about = f"{loss}, and {last.link if last else 0} were there"
            await append(db, connection, _own(at, Happened.LOST, about))
        elif last is None:
            await append(db, connection, _own(at, Happened.BEGUN, ""))
        # What was sealed before and has lost its seal is left alone, so that it is found.
        base = known.entries if known and not loss else await _last_sealed(connection)
        before = await _hash_at(connection, base) if base else BEGINNING
        end = known or SealedEnd()
        broken = False
        for entry in await _after(connection, base):
            if entry.hash_after(before or "") != entry.hash:
                broken = True
                break
            before = entry.hash
            end = _end(key, entry, at)
            await connection.execute(
                update(installation_record)
                .where(installation_record.c.link == entry.link)
                .values(key_id=key.key_id, seal=key.seal(Sealed.INSTALLATION_ENTRY, entry.hash))
            )
        if end != known:
            await _keep(db, connection, end, at)
    return NewlySealed(end, bool(loss), broken)


async def _loss(
    connection: AsyncConnection,
    keys: Keys,
    key: RecordKey,
    known: SealedEnd | None,
    seen: SealedEnd | None,
) -> str:
    """What had been sealed and is not there as it was, in words; empty if all of it is."""
    if known is None:
        sealed = await _last_sealed(connection)
        if not sealed and seen is None:
            return ""
        return f"{seen.entries if seen else sealed} had been sealed"
    ours = keys.trusted(key.fingerprint)
    signer = keys.find(known.key_id) if known.key_id in ours else None
    if signer is None or not signer.verifies(Sealed.INSTALLATION_END, known.digest(), known.seal):
        return f"{seen.entries if seen else 'nobody knows how many'} had been sealed"
    for one in (known, seen):
        if one is not None and await _hash_at(connection, one.entries) != one.hash:
            return f"{one.entries} had been sealed"
    return ""


def _own(at: datetime, what: Happened, about: str) -> InstallationEntry:
    return InstallationEntry(at=at, what=what, who="frontfoot", about=about)


def _end(key: RecordKey, entry: KeptEntry, at: datetime) -> SealedEnd:
    plain = SealedEnd(
        entries=entry.link,
        hash=entry.hash,
        at=in_utc(at).isoformat(timespec="microseconds"),
        key_id=key.key_id,
    )
    seal = key.seal(Sealed.INSTALLATION_END, plain.digest())
    return plain.model_copy(update={"seal": seal})


async def _keep(db: Database, connection: AsyncConnection, end: SealedEnd, at: datetime) -> None:
    row = {**end.model_dump(), "id": 1, "at": at}
    keeping = upsert(db.dialect, installation_end).values(row)
    changed = {name: keeping.excluded[name] for name in row if name != "id"}
    await connection.execute(keeping.on_conflict_do_update(index_elements=["id"], set_=changed))


async def _hash_at(connection: AsyncConnection, link: int) -> str | None:
    query = select(installation_record.c.hash).where(installation_record.c.link == link)
    found: str | None = await connection.scalar(query)
    return found


async def _last(connection: AsyncConnection) -> KeptEntry | None:
    query = select(installation_record).order_by(installation_record.c.link.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return None if row is None else kept_of(row)


async def _last_sealed(connection: AsyncConnection) -> int:
    query = select(func.max(installation_record.c.link)).where(installation_record.c.seal != "")
    return int(await connection.scalar(query) or 0)


async def _after(connection: AsyncConnection, link: int) -> list[KeptEntry]:
    query = select(installation_record).where(installation_record.c.link > link)
    rows = await connection.execute(query.order_by(installation_record.c.link))
    return [kept_of(row) for row in rows]
