"""Sessions of the console, and the links that begin one. Tokens and ids are stored as hashes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.model import Value
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import credentials, nonces, sessions, sign_in_links

KEPT = timedelta(days=30)
"""How long a link or a session stays in the ledger after it has stopped working."""


OIDC = "oidc"
"""In place of a passkey: the identity provider has said who it is."""


class SessionRow(Value):
    """Somebody who is, or was, signed in."""

    person: str
    since: datetime
    seen_at: datetime
    ended_at: datetime | None


async def enter_link(
    db: Database, token_hash: str, at: datetime, person: str | None = None
) -> None:
    """Enter a new link, for ``person`` or for whoever opens it; remove those of long ago."""
    async with db.write() as connection:
        await connection.execute(delete(sign_in_links).where(sign_in_links.c.made_at < at - KEPT))
        await connection.execute(
            sign_in_links.insert().values(token_hash=token_hash, made_at=at, person=person)
        )


async def find_link(db: Database, token_hash: str) -> tuple[datetime, str | None] | None:
    """When the link was made and for whom; None if there is none, or if it has been spent."""
    unspent = (sign_in_links.c.token_hash == token_hash) & sign_in_links.c.spent_at.is_(None)
    async with db.read() as connection:
        found = await connection.execute(
            select(sign_in_links.c.made_at, sign_in_links.c.person).where(unspent)
        )
        row = found.first()
    return None if row is None else (row.made_at, row.person)


async def spend_link(
    db: Database, token_hash: str, id_hash: str, person: str, *, made_after: datetime, at: datetime
) -> bool:
    """Spend a link that was made after ``made_after``, and begin a session with it.

    False, and nothing has changed, if it cannot be spent, or is for somebody else: of two at once
    one gets it.
    """
    async with db.write() as connection:
        spent = await connection.execute(
            update(sign_in_links)
            .where(sign_in_links.c.token_hash == token_hash)
            .where(sign_in_links.c.spent_at.is_(None), sign_in_links.c.made_at > made_after)
            .where(sign_in_links.c.person.is_(None) | (sign_in_links.c.person == person))
            .values(spent_at=at)
        )
        if not spent.rowcount:
            return False
        await _begin(connection, id_hash, person, "", at)
    return True


async def issue_challenge(db: Database, nonce: str, expires: datetime, now: datetime) -> None:
    """Enter a challenge for whoever may sign in with it; those that nobody answered are cleared.

    Strangers ask for these, so one is kept only for as long as it can be answered.
    """
    row = {"nonce": nonce, "person": "", "incident": "", "expires_at": expires}
    nobodys = (nonces.c.person == "") & (nonces.c.incident == "")
    async with db.write() as connection:
        await connection.execute(delete(nonces).where(nobodys, nonces.c.expires_at <= now))
        await connection.execute(nonces.insert().values(row))


async def begin_with_passkey(
    db: Database, nonce: str, id_hash: str, person: str, credential: str, at: datetime
) -> bool:
    """Spend a challenge, and begin a session with the passkey ``credential`` that has answered it.

    False, and nobody is signed in, if the challenge is unknown, stale or spent, or if the passkey
    was removed meanwhile.
    """
    using = (
        update(credentials)
        .where(credentials.c.id == credential, credentials.c.removed_at.is_(None))
        .values(used_at=at)
    )
    async with db.write() as connection:
        if not await _spend(connection, nonce, credential, at):
            return False
        if (await connection.execute(using)).rowcount != 1:
            return False
        await _begin(connection, id_hash, person, credential, at)
    return True


async def begin_with_provider(
    db: Database, nonce: str, id_hash: str, person: str, at: datetime
) -> bool:
    """Spend a challenge, and begin a session for whom the identity provider has named.

    False, and nobody is signed in, if the challenge is unknown, stale or spent.
    """
    async with db.write() as connection:
        if not await _spend(connection, nonce, OIDC, at):
            return False
        await _begin(connection, id_hash, person, OIDC, at)
    return True


async def _spend(connection: AsyncConnection, nonce: str, by: str, at: datetime) -> bool:
    """Whether a challenge for whoever may sign in could be spent."""
    spending = (
        update(nonces)
        .where(nonces.c.nonce == nonce, nonces.c.person == "", nonces.c.incident == "")
        .where(nonces.c.spent_by.is_(None), nonces.c.expires_at > at)
        .values(spent_by=by, spent_at=at)
    )
    return (await connection.execute(spending)).rowcount == 1


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


async def _begin(
    connection: AsyncConnection, id_hash: str, person: str, credential: str, at: datetime
) -> None:
    await connection.execute(delete(sessions).where(sessions.c.seen_at < at - KEPT))
    row = {"id_hash": id_hash, "person": person, "credential": credential}
    await connection.execute(sessions.insert().values(**row, since=at, seen_at=at))
