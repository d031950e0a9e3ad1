"""The timeline: what happened in an incident, append-only, each entry sealed into the next.

An entry's hash is SHA-256 of the hash before it and of the entry's own canonical JSON, so that
changing or taking out an entry breaks every hash after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, select

from domain.errors import DomainError
from domain.timeline import TimelineEntry
from domain.times import in_utc
from store.kernel.database import Database
from store.tables import timeline

_BEGINNING = "0" * 64


async def append(
    db: Database, incident: str, entries: Sequence[TimelineEntry]
) -> list[TimelineEntry]:
    """Append entries and return the new ones; those there with the same content are passed over.

    Entries are chained in the order in which they arrive, so one that comes late is not lost.
    ``DomainError`` if an entry of the same number has other content: nothing is appended then.
    """
    async with db.write() as connection:
        await db.serialise(connection, f"timeline/{incident}")
        last = (
            await connection.execute(
                select(timeline.c.link, timeline.c.hash)
                .where(timeline.c.incident == incident)
                .order_by(timeline.c.link.desc())
                .limit(1)
            )
        ).first()
        link, seal = (last.link, last.hash) if last is not None else (0, _BEGINNING)
        there = await connection.execute(
            select(timeline).where(
                timeline.c.incident == incident,
                timeline.c.seq.in_([entry.seq for entry in entries]),
            )
        )
        kept = {row.seq: _entry(row._mapping) for row in there}
        rows: list[dict[str, object]] = []
        new: list[TimelineEntry] = []
        for entry in entries:
            if entry.seq in kept:
                if kept[entry.seq] != entry:
                    raise DomainError(
                        f"Entry {entry.seq} of the timeline of {incident} exists with other "
                        "content, and the record is never rewritten.",
                        "Append what is to be said now as a new entry.",
                    )
                continue
            kept[entry.seq] = entry
            new.append(entry)
            link, seal = link + 1, _seal(seal, incident, entry)
            rows.append({**dict(entry), "incident": incident, "link": link, "hash": seal})
        if rows:
            await connection.execute(timeline.insert(), rows)
    return new


async def read(db: Database, incident: str) -> list[TimelineEntry]:
    """The timeline of an incident, by number."""
    query = select(timeline).where(timeline.c.incident == incident).order_by(timeline.c.seq)
    async with db.read() as connection:
        return [_entry(row._mapping) for row in await connection.execute(query)]


async def verify(db: Database, incident: str) -> int | None:
    """The number of the first entry that does not fit its chain, or None if all do.

    An entry that was changed is named itself; for one that was taken out, it is the next. That
    the newest entries were cut off can only be seen by comparing with the workflow.
    """
    query = select(timeline).where(timeline.c.incident == incident).order_by(timeline.c.link)
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
    seal = _BEGINNING
    for row in rows:
        seal = _seal(seal, incident, _entry(row._mapping))
        if seal != row.hash:
            seq: int = row.seq
            return seq
    return None


def _entry(row: RowMapping) -> TimelineEntry:
    return TimelineEntry.model_validate(dict(row))


def _seal(before: str, incident: str, entry: TimelineEntry) -> str:
    content = {
        "incident": incident,
        "seq": entry.seq,
        "at": _moment(entry.at),
        "what": entry.what,
        "who": entry.who,
        "surface": entry.surface,
        "authenticated_by": entry.authenticated_by,
        "about": entry.about,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


def _moment(at: datetime) -> str:
    return in_utc(at).isoformat(timespec="microseconds")
