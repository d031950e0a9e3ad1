"""Tokens of the API. The ledger has their hashes; one that was removed stays, and opens nothing.

They are read here for each request, so a removal counts at once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, func, select, update

from domain.actor import Surface
from domain.installation import Happened, InstallationEntry
from domain.tokens import Token
from store.installation.entries import append
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import tokens


async def enter(db: Database, token: Token, token_hash: str, surface: Surface) -> None:
    """Enter a new token, and that it was made."""
    row = token.model_dump(exclude={"scopes"}) | {
        "token_hash": token_hash,
        "scopes": " ".join(token.scopes),
    }
    made = InstallationEntry(
        at=token.created_at,
        what=Happened.TOKEN_CREATED,
        who=token.created_by,
        person=token.person,
        surface=surface,
        about=f"{token.id}: {', '.join(token.scopes)}",
    )
    async with db.write() as connection:
        await connection.execute(tokens.insert().values(row))
        await append(db, connection, made)


async def find(db: Database, named: str) -> tuple[Token, str] | None:
    """The token of this id with its hash; None if there is none, or if it was removed."""
    query = select(tokens).where(tokens.c.id == named, tokens.c.removed_at.is_(None))
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else (_read(row), row.token_hash)


async def in_force(db: Database) -> list[Token]:
    """Every token that was not removed, also those that have expired; by person."""
    query = select(tokens).where(tokens.c.removed_at.is_(None))
    async with db.read() as connection:
        rows = await connection.execute(query.order_by(tokens.c.person, tokens.c.created_at))
        return [_read(row) for row in rows]


async def remove(db: Database, named: str, by: str, at: datetime, surface: Surface) -> bool:
    """Let a token open nothing from now on; false if there is none in force of that id."""
    removing = (
        update(tokens)
        .where(tokens.c.id == named, tokens.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
        .returning(tokens.c.person)
    )
    async with db.write() as connection:
        person = (await connection.execute(removing)).scalar()
        if person is None:
            return False
        gone = InstallationEntry(
            at=at,
            what=Happened.TOKEN_REMOVED,
            who=by,
            person=person,
            surface=surface,
            about=named,
        )
        await append(db, connection, gone)
    return True


async def mark_used(db: Database, named: str, at: datetime) -> None:
    """Note that a token was used; an earlier moment changes nothing."""
    later = func.coalesce(tokens.c.used_at, tokens.c.created_at) <= at
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(tokens).where(tokens.c.id == named, later).values(used_at=at)
        )


def _read(row: Row[tuple[object, ...]]) -> Token:
    values = dict(row._mapping)
    return Token.model_validate(values | {"scopes": str(values["scopes"]).split()})
