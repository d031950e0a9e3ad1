"""What people sign with: the public halves of their keys and passkeys.

Whoever verifies reads them here each time, so a removal counts at once, in running incidents too;
it also ends the sessions that were begun with what is removed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.model import Value
from domain.proof import Credential
from domain.times import UtcTime
from store.kernel.database import Database
from store.tables import credentials, sessions


class Enrolled(Value):
    """A credential as the ledger has it: since when, by whom, last used, and whether removed."""

    credential: Credential
    created_at: UtcTime
    created_by: str
    removed_at: UtcTime | None = None
    removed_by: str | None = None
    used_at: UtcTime | None = None


async def enrol(db: Database, credential: Credential, by: str, at: datetime) -> bool:
    """Enter a credential; false if the same person has the same one already.

    ``DomainError`` if it is somebody else's, was removed (that is for good), or is a passkey whose
    name an authenticator here has already.
    """
    row = {**credential.model_dump(), "created_at": at, "created_by": by}
    row["kind"] = credential.kind.value
    async with db.write() as connection:
        await db.serialise(connection, "frontfoot/credentials")
        there = select(credentials).where(credentials.c.id == credential.id)
        found = (await connection.execute(there)).first()
        if found is None:
            await _refuse_same_name(connection, credential)
            await connection.execute(credentials.insert().values(row))
            return True
    if found.removed_at is not None:
        raise DomainError(
            f"This {found.kind} was removed, and one that was removed does not come back.",
            "Make a new one and enrol that.",
        )
    if found.person != credential.person:
        raise DomainError(
            f"This {found.kind} is already another person's.", "Each person needs one of their own."
        )
    return False


async def find(db: Database, credential: str) -> Enrolled | None:
    """A credential by its id, removed or not."""
    found = await _read(db, credentials.c.id == credential)
    return found[0] if found else None


async def of_person(db: Database, person: str) -> list[Enrolled]:
    """Every credential of a person, the oldest first; those that were removed too."""
    return await _read(db, credentials.c.person == person)


async def of_passkey(db: Database, passkey_id: str, origin: str) -> Enrolled | None:
    """The passkey that browsers call this, enrolled at ``origin``, removed or not."""
    named = (credentials.c.passkey_id == passkey_id) & (credentials.c.origin == origin)
    found = await _read(db, named) if passkey_id else []
    return found[-1] if found else None


async def all_of_them(db: Database) -> list[Enrolled]:
    """Every credential, by person, the oldest first; those that were removed too."""
    return await _read(db)


async def remove(db: Database, credential: str, by: str, at: datetime) -> bool:
    """Let a credential count for nothing from now on; false if it does not anyway."""
    return await _removed(db, credentials.c.id == credential, by, at) == 1


async def remove_all_of(db: Database, person: str, by: str, at: datetime) -> int:
    """Remove every credential of a person who left, and return how many there were."""
    return await _removed(db, credentials.c.person == person, by, at)


async def _refuse_same_name(connection: AsyncConnection, credential: Credential) -> None:
    """Refuse a passkey that calls itself like one here: it would stand in that one's way."""
    if not credential.passkey_id:
        return
    same = (credentials.c.passkey_id == credential.passkey_id) & (
        credentials.c.origin == credential.origin
    )
    if (await connection.execute(select(credentials.c.id).where(same))).first() is not None:
        raise DomainError("This passkey is enrolled here already.", "Make a new one.")


async def _removed(db: Database, which: ColumnElement[bool], by: str, at: datetime) -> int:
    statement = (
        update(credentials)
        .where(which, credentials.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
    )
    begun = sessions.c.credential.in_(select(credentials.c.id).where(which))
    async with db.write() as connection:
        await connection.execute(
            update(sessions).where(begun, sessions.c.ended_at.is_(None)).values(ended_at=at)
        )
        return (await connection.execute(statement)).rowcount


async def _read(db: Database, *which: ColumnElement[bool]) -> list[Enrolled]:
    query = (
        select(credentials)
        .where(*which)
        .order_by(credentials.c.person, credentials.c.created_at, credentials.c.id)
    )
    async with db.read() as connection:
        return [_enrolled(row._mapping) for row in await connection.execute(query)]


def _enrolled(row: RowMapping) -> Enrolled:
    return Enrolled(credential=Credential.model_validate(dict(row)), **_since(row))


def _since(row: RowMapping) -> dict[str, object]:
    names = ("created_at", "created_by", "removed_at", "removed_by", "used_at")
    return {name: row[name] for name in names}
