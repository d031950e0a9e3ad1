"""The head of the whole installation's record, as the status page shows it.

It is sealed over the moment and the end of every incident's record, so that nobody can rewrite or
shorten any of them unseen. The moment makes each look unlike the one before: whoever watches the
page cannot tell whether anything was recorded meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.sealing import RecordKey, Sealed, canonical
from domain.status_page import InstallationHead
from store.kernel.database import Database
from store.tables import page_heads, timeline

Heads = list[tuple[str, int, str]]


async def read_heads(connection: AsyncConnection) -> Heads:
    """The end of every incident's record: its name, its entries, the hash of the last one."""
    last = (
        select(timeline.c.incident, func.max(timeline.c.link).label("link"))
        .group_by(timeline.c.incident)
        .subquery()
    )
    query = (
        select(timeline.c.incident, timeline.c.link, timeline.c.hash)
        .join(last, (timeline.c.incident == last.c.incident) & (timeline.c.link == last.c.link))
        .order_by(timeline.c.incident)
    )
    return [(row.incident, row.link, row.hash) for row in await connection.execute(query)]


async def keep_heads(db: Database, number: int, heads: Heads) -> None:
    """Keep what the seals from snapshot ``number`` on are about, if it is not what it was."""
    text = json.dumps(heads)
    async with db.write() as connection:
        newest = select(page_heads.c.heads).order_by(page_heads.c.number.desc()).limit(1)
        if await connection.scalar(newest) != text:
            await connection.execute(
                db.insert_or_ignore(page_heads).values(number=number, heads=text)
            )


async def heads_at(db: Database, number: int) -> Heads | None:
    """What the seal of snapshot ``number`` is about; None if that is not known."""
    query = (
        select(page_heads.c.heads)
        .where(page_heads.c.number <= number)
        .order_by(page_heads.c.number.desc())
        .limit(1)
    )
    async with db.read() as connection:
        text = await connection.scalar(query)
    if text is None:
        return None
    return [(str(name), int(entries), str(last)) for name, entries, last in json.loads(text)]


def installation_hash(at: datetime, number: int, heads: Heads) -> str:
    """SHA-256 over a snapshot's number and moment, and the end of every record."""
    content = {"at": at.isoformat(timespec="microseconds"), "heads": heads, "number": number}
    return hashlib.sha256(canonical(content)).hexdigest()


def sealed_head(key: RecordKey, at: datetime, number: int, heads: Heads) -> InstallationHead:
    """The head of the installation's record at that moment."""
    digest = installation_hash(at, number, heads)
    seal = key.seal(Sealed.INSTALLATION, digest)
    return InstallationHead(hash=digest, seal=seal, key=key.fingerprint)
