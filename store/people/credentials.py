"""What people sign with: the public halves of their keys and passkeys.

Whoever verifies reads them here each time, so a removal counts at once, in running incidents too;
it also ends the sessions that were begun with what is removed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.actor import Surface
from domain.errors import DomainError
from domain.installation import Happened, InstallationEntry
from domain.model import Value
from domain.proof import Credential, CredentialKind
from domain.times import UtcTime
from store.installation.entries import append
from store.kernel.database import Database
from store.tables import credentials, recovery_codes, sessions


class Enrolled(Value):
    """A credential as the ledger has it: since when, by whom, last used, and whether removed.

    One that nobody has confirmed waits, and proves nothing.
    """

    credential: Credential
    created_at: UtcTime
    created_by: str
    removed_at: UtcTime | None = None
    removed_by: str | None = None
    confirmed_at: UtcTime | None = None
    confirmed_by: str | None = None
    used_at: UtcTime | None = None

    @property
    def counts(self) -> bool:
        """Whether it proves something now."""
        return self.confirmed_at is not None and self.removed_at is None

    @property
    def waits(self) -> bool:
        """Whether somebody has to confirm it first."""
        return self.confirmed_at is None and self.removed_at is None


async def enrol(
    db: Database,
    credential: Credential,
    by: str,
    at: datetime,
    *,
    surface: Surface | None = None,
    waits: bool = False,
) -> bool:
    """Enter a credential; false if the same person has the same one already.

    With ``waits`` it proves nothing until somebody confirms it. ``DomainError`` if it is somebody
    else's, was removed (that is for good), or is a passkey whose name an authenticator here has
    already.
    """
    row = {**credential.model_dump(), "created_at": at, "created_by": by}
    row["kind"] = credential.kind.value
    if not waits:
        row |= {"confirmed_at": at, "confirmed_by": by}
    async with db.write() as connection:
        await db.serialise(connection, "frontfoot/credentials")
        there = select(credentials).where(credentials.c.id == credential.id)
        found = (await connection.execute(there)).first()
        if found is None:
            await _refuse_same_name(connection, credential)
            await connection.execute(credentials.insert().values(row))
            what = _ADDED[credential.kind]
            about = f"{_short(credential.id)}{', waits to be confirmed' if waits else ''}"
            await append(db, connection, _entry(at, what, by, credential.person, surface, about))
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


async def confirm(
    db: Database, credential: str, by: str, at: datetime, *, surface: Surface | None = None
) -> bool:
    """Let a credential that waits count from now on; false if it does not wait."""
    statement = (
        update(credentials)
        .where(credentials.c.id == credential)
        .where(credentials.c.confirmed_at.is_(None), credentials.c.removed_at.is_(None))
        .values(confirmed_at=at, confirmed_by=by)
        .returning(credentials.c.person)
    )
    async with db.write() as connection:
        person = (await connection.execute(statement)).scalars().first()
        if person is None:
            return False
        what = Happened.PASSKEY_CONFIRMED
        entry = _entry(at, what, by, person, surface, _short(credential))
        await append(db, connection, entry)
    return True


async def remove(
    db: Database, credential: str, by: str, at: datetime, *, surface: Surface | None = None
) -> bool:
    """Let a credential count for nothing from now on; false if it does not anyway."""
    return await _removed(db, credentials.c.id == credential, by, at, surface) == 1


async def remove_all_of(
    db: Database, person: str, by: str, at: datetime, *, surface: Surface | None = None
) -> int:
    """Remove every credential of a person who left, and return how many there were.

    Their recovery codes go, too.
    """
    async with db.write() as connection:
        await connection.execute(delete(recovery_codes).where(recovery_codes.c.person == person))
    return await _removed(db, credentials.c.person == person, by, at, surface)


async def _refuse_same_name(connection: AsyncConnection, credential: Credential) -> None:
    """Refuse a passkey that calls itself like one here: it would stand in that one's way."""
    if not credential.passkey_id:
        return
    same = (credentials.c.passkey_id == credential.passkey_id) & (
        credentials.c.origin == credential.origin
    )
    if (await connection.execute(select(credentials.c.id).where(same))).first() is not None:
        raise DomainError("This passkey is enrolled here already.", "Make a new one.")


async def _removed(
    db: Database, which: ColumnElement[bool], by: str, at: datetime, surface: Surface | None
) -> int:
    statement = (
        update(credentials)
        .where(which, credentials.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
        .returning(credentials.c.id, credentials.c.person, credentials.c.kind)
    )
    begun = sessions.c.credential.in_(select(credentials.c.id).where(which))
    async with db.write() as connection:
        await connection.execute(
            update(sessions).where(begun, sessions.c.ended_at.is_(None)).values(ended_at=at)
        )
        removed = (await connection.execute(statement)).all()
        for row in sorted(removed, key=lambda one: one.id):
            what = _REMOVED[CredentialKind(row.kind)]
            await append(db, connection, _entry(at, what, by, row.person, surface, _short(row.id)))
        return len(removed)


_ADDED = {CredentialKind.KEY: Happened.KEY_ADDED, CredentialKind.PASSKEY: Happened.PASSKEY_ADDED}
_REMOVED = {
    CredentialKind.KEY: Happened.KEY_REMOVED,
    CredentialKind.PASSKEY: Happened.PASSKEY_REMOVED,
}


def _entry(
    at: datetime, what: Happened, by: str, person: str, surface: Surface | None, about: str
) -> InstallationEntry:
    concerned = "" if person == by else person
    return InstallationEntry(
        at=at, what=what, who=by, person=concerned, surface=surface, about=about
    )


def _short(credential: str) -> str:
    return credential[:16]


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
    names = [name for name in Enrolled.model_fields if name != "credential"]
    return {name: row[name] for name in names}
