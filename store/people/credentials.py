"""What people sign with: the public halves of their keys and passkeys.

Whoever verifies reads them here each time, so a removal counts at once, in running incidents too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, select, update

from domain.errors import DomainError
from domain.model import Value
from domain.proof import Credential
from domain.times import UtcTime
from store.kernel.database import Database
from store.tables import credentials


class Enrolled(Value):
    """A credential as the ledger has it: since when and by whom, and whether it was removed."""

    credential: Credential
    created_at: UtcTime
    created_by: str
    removed_at: UtcTime | None = None
    removed_by: str | None = None


async def enrol(db: Database, credential: Credential, by: str, at: datetime) -> bool:
    """Enter a credential; false if the same person has the same one already.

    ``DomainError`` if it is somebody else's, or was removed: that is for good.
    """
    row = {**credential.model_dump(), "created_at": at, "created_by": by}
    row["kind"] = credential.kind.value
    async with db.write() as connection:
        await db.serialise(connection, "frontfoot/credentials")
        there = select(credentials).where(credentials.c.id == credential.id)
        found = (await connection.execute(there)).first()
        if found is None:
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


async def all_of_them(db: Database) -> list[Enrolled]:
    """Every credential, by person, the oldest first; those that were removed too."""
    return await _read(db)


async def remove(db: Database, credential: str, by: str, at: datetime) -> bool:
    """Let a credential count for nothing from now on; false if it does not anyway."""
    return await _removed(db, credentials.c.id == credential, by, at) == 1


async def remove_all_of(db: Database, person: str, by: str, at: datetime) -> int:
    """Remove every credential of a person who left, and return how many there were."""
    return await _removed(db, credentials.c.person == person, by, at)


async def _removed(db: Database, which: ColumnElement[bool], by: str, at: datetime) -> int:
    statement = (
        update(credentials)
        .where(which, credentials.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
    )
    async with db.write() as connection:
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
    names = ("created_at", "created_by", "removed_at", "removed_by")
    return {name: row[name] for name in names}
