"""Sessions of the console, and the links that begin one. Tokens and ids are stored as hashes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from domain.actor import Surface
from domain.installation import Happened, InstallationEntry
from domain.model import Value
from store.installation.entries import append
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import credentials, nonces, sessions, sign_in_links

BY_LINK, BY_PASSKEY, BY_CODE = "link", "passkey", "recovery code"
BY_PROVIDER = "company account"
"""How a session was begun."""

HANDLE_DIGITS = 16
"""The first digits of a hash by which a session or a credential is named."""

KEPT = timedelta(days=30)
"""How long a link or a session stays in the ledger after it has stopped working."""


OIDC = "oidc"
"""In place of a passkey: the identity provider has said who it is."""


class SessionRow(Value):
    """Somebody who is, or was, signed in."""

    person: str
    id_hash: str
    since: datetime
    seen_at: datetime
    ended_at: datetime | None
    credential: str = ""
    begun_by: str = ""


async def enter_link(
    db: Database, token_hash: str, at: datetime, person: str | None = None
) -> None:
    """Enter a new link, for ``person`` or for whoever opens it; remove those of long ago."""
    async with db.write() as connection:
        await connection.execute(delete(sign_in_links).where(sign_in_links.c.made_at < at - KEPT))
        await connection.execute(
            sign_in_links.insert().values(token_hash=token_hash, made_at=at, person=person)
        )
        made = InstallationEntry(
            at=at,
            what=Happened.LINK_MADE,
            person=person or "",
            surface=Surface.TERMINAL,
            about="" if person else "for whoever opens it",
        )
        await append(db, connection, made)


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
        await begin_in(db, connection, id_hash, person, at, begun_by=BY_LINK)
    return True


async def begin_with_passkey(
    db: Database,
    nonce: str,
    expires: datetime,
    id_hash: str,
    person: str,
    credential: str,
    at: datetime,
) -> bool:
    """Note a challenge as answered, and begin a session with the passkey that has answered it.

    False, and nobody is signed in, if it was answered before, or if the passkey was removed or is
    not confirmed. A challenge that nobody answers leaves nothing here: strangers ask for them.
    """
    using = (
        update(credentials)
        .where(credentials.c.id == credential, credentials.c.removed_at.is_(None))
        .where(credentials.c.confirmed_at.is_not(None))
        .values(used_at=at)
    )
    async with db.write() as connection:
        if not await _spend(db, connection, nonce, expires, credential, at):
            return False
        if (await connection.execute(using)).rowcount != 1:
            return False
        await begin_in(
            db, connection, id_hash, person, at, begun_by=BY_PASSKEY, credential=credential
        )
    return True


async def begin_with_provider(
    db: Database, nonce: str, expires: datetime, id_hash: str, person: str, at: datetime
) -> bool:
    """Note a challenge as answered, and begin a session for whom the identity provider has named.

    False, and nobody is signed in, if it was answered before.
    """
    async with db.write() as connection:
        if not await _spend(db, connection, nonce, expires, OIDC, at):
            return False
        await begin_in(db, connection, id_hash, person, at, begun_by=BY_PROVIDER, credential=OIDC)
    return True


async def _spend(
    db: Database,
    connection: AsyncConnection,
    nonce: str,
    expires: datetime,
    by: str,
    at: datetime,
) -> bool:
    """Whether a challenge of nobody in particular was not answered before; now it is."""
    # One that has expired is refused before anybody looks here.
    nobodys = (nonces.c.person == "") & (nonces.c.incident == "")
    await connection.execute(delete(nonces).where(nobodys, nonces.c.expires_at <= at))
    spent = {"nonce": nonce, "person": "", "incident": "", "expires_at": expires}
    spending = db.insert_or_ignore(nonces).values(**spent, spent_by=by, spent_at=at)
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
    """End a session for good, because its person signs out; a repeat changes nothing."""
    async with db.write() as connection:
        ended = await connection.execute(_ending(at).where(sessions.c.id_hash == id_hash))
        person = (ended.scalars().first()) or ""
        if person:
            out = InstallationEntry(
                at=at, what=Happened.SIGNED_OUT, who=person, surface=Surface.CONSOLE
            )
            await append(db, connection, out)


async def revoke(
    db: Database, by: str, at: datetime, *, id_hash: str = "", person: str = ""
) -> tuple[str, ...]:
    """End one session, or all of a person, for good; return whose they were, one for each.

    A session is named by its hash, or by 16 or more first digits of it.
    """
    which = (
        sessions.c.person == person
        if person
        else sessions.c.id_hash.startswith(id_hash, autoescape=True)
    )
    if not person and len(id_hash) < HANDLE_DIGITS:
        return ()
    async with db.write() as connection:
        rows = await connection.execute(_ending(at).where(which))
        ended = tuple(row.person for row in rows)
        for one in sorted(set(ended)):
            many = ended.count(one)
            entry = InstallationEntry(
                at=at,
                what=Happened.SESSION_ENDED,
                who=by,
                person=one,
                surface=Surface.CONSOLE,
                about=f"{many} sessions" if many > 1 else "",
            )
            await append(db, connection, entry)
    return ended


async def open_sessions(db: Database, *, since: datetime, seen: datetime) -> list[SessionRow]:
    """The sessions that have not ended and began and were used after these; the newest first."""
    query = (
        select(sessions)
        .where(sessions.c.ended_at.is_(None))
        .where(sessions.c.since > since, sessions.c.seen_at > seen)
        .order_by(sessions.c.since.desc(), sessions.c.id_hash)
    )
    async with db.read() as connection:
        rows = await connection.execute(query)
        return [SessionRow.model_validate(dict(row._mapping)) for row in rows]


async def begin_in(
    db: Database,
    connection: AsyncConnection,
    id_hash: str,
    person: str,
    at: datetime,
    *,
    begun_by: str,
    credential: str = "",
) -> None:
    """Begin a session within a transaction, and enter that somebody has signed in."""
    await connection.execute(delete(sessions).where(sessions.c.seen_at < at - KEPT))
    row = {"id_hash": id_hash, "person": person, "credential": credential, "begun_by": begun_by}
    await connection.execute(sessions.insert().values(**row, since=at, seen_at=at))
    how = f"by a {begun_by}"
    if begun_by == BY_PASSKEY:
        how += f" {credential[:HANDLE_DIGITS]}"
    signed_in = InstallationEntry(
        at=at, what=Happened.SIGNED_IN, who=person, surface=Surface.CONSOLE, about=how
    )
    await append(db, connection, signed_in)


def _ending(at: datetime) -> ReturningUpdate[tuple[str]]:
    """Ends the sessions that have not ended, and returns whose they were."""
    open_ones = update(sessions).where(sessions.c.ended_at.is_(None)).values(ended_at=at)
    return open_ones.returning(sessions.c.person)
