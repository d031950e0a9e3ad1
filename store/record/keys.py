"""The public keys by which the installation's seals are verified."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.sealing import Keys, PublicKey, RecordKey
from domain.times import in_utc
from store.kernel.database import Database
from store.tables import record_keys


async def read_keys(db: Database) -> Keys:
    """Every key that was ever entered, the oldest first."""
    async with db.read() as connection:
        rows = await connection.execute(
            select(record_keys).order_by(record_keys.c.since, record_keys.c.key_id)
        )
        return Keys(
            PublicKey.model_validate({**row._mapping, "since": in_utc(row.since).isoformat()})
            for row in rows
        )


async def enter_first(db: Database, key: RecordKey, at: datetime) -> None:
    """Enter the key of an installation that has none yet; a key that is known changes nothing.

    ``DomainError`` if the ledger has other keys and not this one.
    """
    async with db.write() as connection:
        await db.serialise(connection, "frontfoot/record-keys")
        known = (await connection.scalars(select(record_keys.c.key_id))).all()
        if key.key_id in known:
            return
        if known:
            raise DomainError(
                f"The ledger's record is sealed by the key {known[-1]}, and this worker has "
                f"{key.key_id}.",
                NextStep(
                    action=Action.NEW_RECORD_KEY,
                    advice="Use the file of that key, or enter this one as its successor.",
                ),
            )
        await connection.execute(record_keys.insert().values(_row(key.public, at)))


async def enter_successor(db: Database, key: PublicKey, at: datetime) -> None:
    """Enter a key that another endorsed, or with no endorsement one that begins anew."""
    async with db.write() as connection:
        await db.serialise(connection, "frontfoot/record-keys")
        await connection.execute(db.insert_or_ignore(record_keys, ["key_id"]).values(_row(key, at)))


def _row(key: PublicKey, at: datetime) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "public": key.public,
        "endorsed_by": key.endorsed_by,
        "endorsement": key.endorsement,
        "acceptance": key.acceptance,
        "since": at,
    }
