"""Codes that sign somebody in once who has lost their passkeys. The ledger has hashes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from domain.actor import Surface
from domain.installation import Happened, InstallationEntry
from store.installation.entries import append
from store.kernel.database import Database
from store.people.sessions import BY_CODE, begin_in
from store.tables import recovery_codes


async def replace(db: Database, person: str, hashes: Sequence[str], at: datetime) -> None:
    """Let these be a person's codes from now on; those of before work no more."""
    entry = InstallationEntry(
        at=at,
        what=Happened.CODES_MADE,
        who=person,
        surface=Surface.CONSOLE,
        about=f"{len(hashes)} codes, and none of before",
    )
    async with db.write() as connection:
        await connection.execute(delete(recovery_codes).where(recovery_codes.c.person == person))
        rows = [{"code_hash": one, "person": person, "made_at": at} for one in hashes]
        await connection.execute(recovery_codes.insert(), rows)
        await append(db, connection, entry)


async def person_of(db: Database, code_hash: str) -> str | None:
    """Whose code it is; None if it is nobody's, or spent."""
    unspent = (recovery_codes.c.code_hash == code_hash) & recovery_codes.c.spent_at.is_(None)
    async with db.read() as connection:
        found: str | None = await connection.scalar(select(recovery_codes.c.person).where(unspent))
        return found


async def left_of(db: Database) -> dict[str, int]:
    """How many codes of each person still work; those who have none are left out."""
    query = (
        select(recovery_codes.c.person, func.count())
        .where(recovery_codes.c.spent_at.is_(None))
        .group_by(recovery_codes.c.person)
    )
    async with db.read() as connection:
        return {person: int(many) for person, many in await connection.execute(query)}


async def spend(db: Database, code_hash: str, id_hash: str, person: str, at: datetime) -> bool:
    """Spend a person's code, and begin a session with it; of two at once one gets it."""
    spending = (
        update(recovery_codes)
        .where(recovery_codes.c.code_hash == code_hash, recovery_codes.c.person == person)
        .where(recovery_codes.c.spent_at.is_(None))
        .values(spent_at=at)
    )
    left = (
        select(func.count())
        .select_from(recovery_codes)
        .where(recovery_codes.c.person == person, recovery_codes.c.spent_at.is_(None))
    )
    async with db.write() as connection:
        if (await connection.execute(spending)).rowcount != 1:
            return False
        entry = InstallationEntry(
            at=at,
            what=Happened.CODE_USED,
            who=person,
            surface=Surface.CONSOLE,
            about=f"{await connection.scalar(left)} left",
        )
        await append(db, connection, entry)
        await begin_in(db, connection, id_hash, person, at, begun_by=BY_CODE)
    return True
