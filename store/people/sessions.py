"""Sessions of the console, and the links that begin one. Tokens and ids are stored as hashes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from domain.model import Value
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import sessions, sign_in_links

KEPT = timedelta(days=30)
"""How long a link or a session stays in the ledger after it has stopped working."""


class SessionRow(Value):
    """Somebody who is, or was, signed in."""

    person: str
    since: datetime
    seen_at: datetime
    ended_at: datetime | None


async def enter_link(db: Database, token_hash: str, at: datetime) -> None:
    """Enter a new link, and remove those of long ago."""
    async with db.write() as connection:
        await connection.execute(delete(sign_in_links).where(sign_in_links.c.made_at < at - KEPT))
        await connection.execute(sign_in_links.insert().values(token_hash=token_hash, made_at=at))


async def link_made_at(db: Database, token_hash: str) -> datetime | None:
    """When the link was made; None if there is none, or if it has been spent."""
    unspent = (sign_in_links.c.token_hash == token_hash) & sign_in_links.c.spent_at.is_(None)
    async with db.read() as connection:
        made: datetime | None = await connection.scalar(
            select(sign_in_links.c.made_at).where(unspent)
        )
    return made


async def spend_link(
    db: Database, token_hash: str, id_hash: str, person: str, *, made_after: datetime, at: datetime
) -> bool:
    """Spend a link that was made after ``made_after``, and begin a session with it.

    False, and nothing has changed, if it cannot be spent: of two at once one gets it.
    """
    async with db.write() as connection:
        spent = await connection.execute(
            update(sign_in_links)
            .where(sign_in_links.c.token_hash == token_hash)
            .where(sign_in_links.c.spent_at.is_(None), sign_in_links.c.made_at > made_after)
            .values(spent_at=at)
        )
        if not spent.rowcount:
            return False
        await connection.execute(delete(sessions).where(sessions.c.seen_at < at - KEPT))
        await connection.execute(
            sessions.insert().values(id_hash=id_hash, person=person, since=at, seen_at=at)
        )
    return True


async def find_session(db: Database, id_hash: str) -> SessionRow | None:
    """The session of this id, ended or not."""
    async with db.read() as connection:
        row = (
            await connection.execute(select(sessions).where(sessions.c.id_hash == id_hash))
        ).first()
    return None if row is None else SessionRow.model_validate(dict(row._mapping))


async def mark_seen(db: Database, id_hash: str, at: datetime) -> None:
    """Note that somebody has used their session."""
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(sessions).where(sessions.c.id_hash == id_hash).values(seen_at=at)
        )


async def end_session(db: Database, id_hash: str, at: datetime) -> None:
    """End a session for good; a repeat changes nothing."""
    async with db.write() as connection:
        await connection.execute(
            update(sessions)
            .where(sessions.c.id_hash == id_hash, sessions.c.ended_at.is_(None))
            .values(ended_at=at)
        )
